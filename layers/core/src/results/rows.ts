import type { AggregatePlan, WindowAggregate } from '../aggregate/aggregate';
import { planAggregates } from '../aggregate/plan';
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
 * Rows of metrics the pipeline does not name are left out: their aggregates cannot be read.
 */
export function mergeRows(items: readonly Item[], pipeline: Pipeline): RowView[] {
  const plans = new Map(pipeline.metrics.map((metric) => [metric.name, compile(metric)]));
  const merged = new Map<string, Part>();
  for (const item of items) {
    const { metric, series } = parseSeriesPartition(item.pk);
    const compiled = plans.get(metric);
    if (compiled === undefined) continue;
    const row = JSON.parse(String(item.body)) as RowOutput;
    const at = `${item.pk} ${row.startMs}`;
    const part = { compiled, series, row, aggregate: compiled.plan.decode(row.aggregate) };
    const known = merged.get(at);
    merged.set(at, known === undefined ? part : join(known, part));
  }
  return [...merged.values()].map(view).sort(byMetricSeriesStart);
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
    ...a.row,
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
