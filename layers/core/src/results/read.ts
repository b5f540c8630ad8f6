import { DUE_BUCKETS, dueBucket, tickableAtMs } from '../fold/codec';
import { definitionKey, parseSeriesPartition } from '../fold/key';
import type { IncidentOutput } from '../fold/state';
import { parseJson } from '../json/parse-json';
import type { Metric, Pipeline } from '../pipeline/pipeline';
import type { Item, KeyValueStore } from '../port';
import { readCounters } from '../stored/counters';
import { queryAll, scanAll } from './pages';
import { countRefused } from './quarantine';
import { byText, type Definitions, mergeRows, readerKey } from './rows';
import type { AccountingView, IncidentView, RowView } from './view';

async function withPrefix(store: KeyValueStore, prefix: string): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of scanAll(store)) if (item.pk.startsWith(prefix)) items.push(item);
  return items.sort((a, b) => byText(a.pk, b.pk) || byText(a.sk, b.sk));
}

/** Newest revision of every window, parts merged; sorted by metric, series, start. */
export async function readRows(
  results: KeyValueStore,
  pipeline: Pipeline,
  known?: Definitions,
): Promise<RowView[]> {
  return mergeRows(await withPrefix(results, 'R#'), pipeline, known);
}

/**
 * Definitions of metrics as they were deployed, for the rows that name one the pipeline no longer has.
 * @param metrics names to ask for, a query each; absent = all, for which the table is looked through
 */
export async function readDefinitions(
  control: KeyValueStore,
  metrics?: Iterable<string>,
): Promise<Definitions> {
  const known = new Map<string, Metric>();
  for await (const item of definitionItems(control, metrics)) {
    if (!item.sk.startsWith('=')) continue;
    const metric = parseJson(String(item.body)) as Metric;
    known.set(readerKey(metric.name, item.sk.slice(1)), metric);
  }
  return known;
}

async function* definitionItems(
  control: KeyValueStore,
  metrics: Iterable<string> | undefined,
): AsyncGenerator<Item> {
  if (metrics === undefined) yield* await withPrefix(control, 'D#');
  for (const name of metrics ?? []) yield* queryAll(control, { pk: definitionKey(name, '').pk });
}

/** Last state of every incident; sorted by metric, series, opening. */
export async function readIncidents(
  results: KeyValueStore,
  pipeline: Pipeline,
): Promise<IncidentView[]> {
  return lastStates(await withPrefix(results, 'A#'), pipeline);
}

/** Transition items of the Results table, in key order, to one view an incident. */
export function lastStates(items: readonly Item[], pipeline: Pipeline): IncidentView[] {
  const detectors = new Map(pipeline.metrics.map((m) => [m.name, m.detect?.detector ?? 'default']));
  const last = new Map<string, IncidentView>();
  for (const item of items) {
    const { metric, series } = parseSeriesPartition(item.pk);
    const output = JSON.parse(String(item.body)) as IncidentOutput;
    const { id, phase, openedMs, closedMs, severity, score, observed, expected, reason } = output;
    const detector = detectors.get(metric) ?? 'default';
    const head = { id, metric, series, detector, state: phase, openedMs, closedMs };
    last.set(id, { ...head, severity, score, observed, expected, reason });
  }
  return [...last.values()].sort(
    (a, b) =>
      byText(a.metric, b.metric) ||
      byText(a.series, b.series) ||
      a.openedMs - b.openedMs ||
      byText(a.id, b.id),
  );
}

/**
 * The right side of the accounting: counted from what was committed. Measurements of a series from its
 * state; invalid and unmatched ones, which have no series, from their create-once index entries. States
 * whose counters cannot be read are counted themselves, as `undecodable`: the sides do not add up then.
 */
export async function readAccounting(
  state: KeyValueStore,
  control: KeyValueStore,
): Promise<AccountingView> {
  const sums = { applied: 0, late: 0, duplicate: 0, invalid: 0, revised: 0, dedupeOverflow: 0 };
  let undecodable = 0;
  for await (const item of scanAll(state)) {
    const counters = readCounters(item);
    if (counters === null) {
      undecodable++;
      continue;
    }
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += counters[name];
  }
  // What the fold refused has a series and is counted by its state already.
  const { invalid, unmatched } = await countRefused(control);
  const { applied, late, duplicate, revised, dedupeOverflow } = sums;
  return {
    ...{ applied, late, duplicate, invalid: sums.invalid + invalid },
    ...{ unmatched, revised, dedupeOverflow },
    ...(undecodable > 0 && { undecodable }),
  };
}

/** When the last of the series with open windows can be closed by a tick; -Infinity = none is open. */
export async function closableFromMs(state: KeyValueStore): Promise<number> {
  let latestMs = Number.NEGATIVE_INFINITY;
  for await (const item of scanAll(state)) {
    const tickableMs = item.due === undefined ? Number.NEGATIVE_INFINITY : tickableAtMs(item);
    // Of a spoilt item it may be no number: no tick closes that.
    if (tickableMs > latestMs) latestMs = tickableMs;
  }
  return latestMs;
}

/** Series that still have an open window: 0 = nothing is left to close. */
export async function windowsOpen(state: KeyValueStore): Promise<number> {
  let open = 0;
  for (let bucket = 0; bucket < DUE_BUCKETS; bucket++) {
    for await (const _ of queryAll(state, { pk: dueBucket(bucket), index: 'due' })) open++;
  }
  return open;
}
