import {
  incidentPartition,
  parseSeriesPartition,
  parseSortableTime,
  partitionPart,
  rowPartition,
  sortableTime,
} from '@millrace/core/fold/key';
import { UNKEYED } from '@millrace/core/partition-key';
import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import type { Item, KeyValueStore, RangeQuery } from '@millrace/core/port';
import { scanAll } from '@millrace/core/results/pages';
import { lastStates, readDefinitions } from '@millrace/core/results/read';
import { byText, mergeRows } from '@millrace/core/results/rows';
import type { IncidentView, RowView } from '@millrace/core/results/view';
import type { PartitionKeySurvey } from '../survey/partition-keys';
import type { Selection } from './selection';

export interface QuerySource {
  readonly results: KeyValueStore;
  readonly control: KeyValueStore;
  readonly pipeline: Pipeline;
}

/** Rows of the selection, parts merged; at most `limit` of each series, the newest. `keys` sees each part. */
export async function selectRows(
  source: QuerySource,
  selection: Selection,
  limit: number,
  keys?: PartitionKeySurvey,
): Promise<RowView[]> {
  const items = await selectItems(source.results, 'R', selection, limit);
  for (const item of keys === undefined ? [] : items) notePart(item, keys as PartitionKeySurvey);
  const metrics = new Set(items.map(({ pk }) => parseSeriesPartition(pk).metric));
  const known = await readDefinitions(source.control, metrics);
  const rows = mergeRows(items, source.pipeline, known);
  return newestOf(rows, limit);
}

/** What stands for the partition key in the key of a row. */
const UNKEYED_PART = partitionPart(UNKEYED);

function notePart({ pk, sk }: Item, keys: PartitionKeySurvey): void {
  const { metric, series } = parseSeriesPartition(pk);
  const part = sk.slice(sk.indexOf('#') + 1);
  keys.note(metric, series, part === UNKEYED_PART ? UNKEYED : part);
}

/** Last states of the incidents that opened within the selection. */
export async function selectIncidents(
  { results, pipeline }: QuerySource,
  selection: Selection,
): Promise<IncidentView[]> {
  return lastStates(await selectItems(results, 'A', selection), pipeline);
}

/** With metric and series a Query on their key; without, every page of the table is looked through. */
async function selectItems(
  results: KeyValueStore,
  kind: 'R' | 'A',
  selection: Selection,
  limit = Number.POSITIVE_INFINITY,
): Promise<Item[]> {
  const { metric, series, fromMs, toMs } = selection;
  const from = fromMs === null ? undefined : sortableTime(fromMs);
  // Sort keys go on with `#`; a time itself is before all of them.
  const to = toMs === null ? undefined : sortableTime(toMs);
  if (metric !== null && series !== null) {
    const pk = (kind === 'R' ? rowPartition : incidentPartition)(metric, series);
    return queryItems(results, { pk, ...(from && { from }), ...(to && { to }) }, limit);
  }
  const items: Item[] = [];
  for await (const item of scanAll(results)) {
    if (!item.pk.startsWith(`${kind}#`)) continue;
    const named = parseSeriesPartition(item.pk);
    if (metric !== null && named.metric !== metric) continue;
    if (series !== null && named.series !== series) continue;
    if ((from !== undefined && item.sk < from) || (to !== undefined && item.sk >= to)) continue;
    items.push(item);
  }
  return items.sort((a, b) => byText(a.pk, b.pk) || byText(a.sk, b.sk));
}

/** Newest first, page by page, until there are items of more than `limit` windows; in key order. */
async function queryItems(
  results: KeyValueStore,
  range: RangeQuery,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = [];
  const windows = new Set<string>();
  let after: string | undefined;
  do {
    const page = await results.query({
      ...range,
      reverse: true,
      ...(after === undefined ? {} : { after }),
      // Parts of a series are several items a window.
      ...(Number.isFinite(limit) ? { limit: Math.min(1_000, 2 * limit + 2) } : {}),
    });
    for (const item of page.items) windows.add(windowOf(item));
    items.push(...page.items);
    after = page.next;
  } while (after !== undefined && windows.size <= limit);
  return items.reverse();
}

function windowOf({ sk }: Item): string {
  return String(parseSortableTime(sk.slice(0, sk.indexOf('#'))));
}

/** `rows` are sorted by series, then time. */
function newestOf(rows: readonly RowView[], limit: number): RowView[] {
  const left = new Map<string, number>();
  const newest: RowView[] = [];
  for (const row of rows.toReversed()) {
    const name = JSON.stringify([row.metric, row.series]);
    const room = left.get(name) ?? limit;
    if (room <= 0) continue;
    left.set(name, room - 1);
    newest.push(row);
  }
  return newest.reverse();
}
