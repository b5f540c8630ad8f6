import type { AggregatePlan, WindowAggregate } from '../aggregate/aggregate';
import { planAggregates } from '../aggregate/plan';
import { fingerprintOf } from '../fold/definition';
import { parseSeriesPartition } from '../fold/key';
import type { RowOutput } from '../fold/state';
import type { Metric, Pipeline } from '../pipeline/pipeline';
import type { Item } from '../port';
import type { RowView } from './view';

/**
 * Rows as a reader sees them: the parts of a series that arrived under several partition keys become
 * one row (`rev` the greatest, `late` the sum, aggregates merged in order of the partition key).
 *
 * `items` are row items of the Results table in order of their sort key within each partition.
 * Rows of a definition that neither the pipeline nor `known` holds are left out: nobody can read them.
 */
export function mergeRows(
  items: readonly Item[],
  pipeline: Pipeline,
  known: Definitions = new Map(),
): RowView[] {
  const current = pipeline.metrics.map((m) => [readerKey(m.name, fingerprintOf(m)), m] as const);
  const compiledByKey = new Map([...known, ...current].map(([key, m]) => [key, compile(m)]));
  // By window, then by definition: parts of different definitions are never mixed.
  const windows = new Map<string, Map<string, Part>>();
  for (const item of items) {
    const { metric, series } = parseSeriesPartition(item.pk);
    const row = JSON.parse(String(item.body)) as RowOutput;
    const compiled = compiledByKey.get(readerKey(metric, row.def));
    if (compiled === undefined) continue;
    const at = `${item.pk} ${row.startMs}`;
    const part = { compiled, series, row, aggregate: compiled.plan.decode(row.aggregate) };
    const parts = windows.get(at);
    const other = parts?.get(row.def);
    if (parts === undefined) windows.set(at, new Map([[row.def, part]]));
    else parts.set(row.def, other === undefined ? part : join(other, part));
  }
  const rows = [...windows.values()].map((parts) => [...parts.values()].reduce(newer));
  return rows.map(view).sort(byMetricSeriesStart);
}

/**
 * The part of the newer definition is the row. Rows from before they had the number of their
 * definition are older than those that have it; among them the epoch decides, which counts per
 * partition key and so only mostly tells.
 */
function newer(a: Part, b: Part): Part {
  const byNumber = (b.row.dn ?? 0) - (a.row.dn ?? 0);
  return byNumber > 0 || (byNumber === 0 && b.row.epoch > a.row.epoch) ? b : a;
}

/** Definitions of metrics, past ones too, by `readerKey`. */
export type Definitions = ReadonlyMap<string, Metric>;

export function readerKey(metric: string, fingerprint: string): string {
  return `${fingerprint} ${metric}`;
}

interface Compiled {
  readonly metric: Metric;
  readonly plan: AggregatePlan;
}

interface Part {
  readonly compiled: Compiled;
  readonly series: string;
  readonly row: RowOutput;
  readonly aggregate: WindowAggregate;
}

function compile(metric: Metric): Compiled {
  return { metric, plan: planAggregates(metric.aggregates) };
}

/** The part with the higher score gives the merged row its verdict. */
function join(a: Part, b: Part): Part {
  const verdict = (b.row.score ?? -1) > (a.row.score ?? -1) ? b.row : a.row;
  const { score, expected, incident } = verdict;
  const row: RowOutput = {
    ...newer(a, b).row,
    rev: Math.max(a.row.rev, b.row.rev),
    late: a.row.late + b.row.late,
    score,
    expected,
    incident,
    anomaly: a.row.anomaly || b.row.anomaly,
  };
  return { ...a, row, aggregate: a.compiled.plan.merge(a.aggregate, b.aggregate) };
}

function view({ compiled, series, row, aggregate }: Part): RowView {
  const { startMs, endMs, rev, late, score, anomaly, expected, incident } = row;
  const values = compiled.plan.results(aggregate, endMs - startMs);
  const { name: metric } = compiled.metric;
  return { metric, series, startMs, endMs, rev, late, values, score, anomaly, expected, incident };
}

function byMetricSeriesStart(a: RowView, b: RowView): number {
  return byText(a.metric, b.metric) || byText(a.series, b.series) || a.startMs - b.startMs;
}

/** Code-unit order: the same on every machine, whatever its locale. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
