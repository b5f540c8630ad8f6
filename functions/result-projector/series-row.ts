import type { Measure, SeriesRow } from '@millrace/adapters/time-series-sink';
import type { AggregateValue } from '@millrace/core/aggregate/aggregate';
import { planAggregates } from '@millrace/core/aggregate/plan';
import { jsonText } from '@millrace/core/json/write-json';
import type { Metric } from '@millrace/core/pipeline/pipeline';
import type { RowItem } from './row-item';

/** A record of Timestream has at most 2 KB; of a longer text nothing is left. */
const TEXT_BYTES_MAX = 1024;
/** Revisions of one epoch; 2^33 epochs leave the version a safe integer. */
const REVISIONS_MAX = 2 ** 20;

/** Later epochs and, within one, later revisions win. */
export function versionOf({ epoch = 0, rev }: { epoch?: number; rev: number }): number {
  return epoch * REVISIONS_MAX + rev;
}

/**
 * A row as Timestream holds it. One column has one type for all metrics, so texts, flags and lists get
 * names of their own: `first` is a number, `first_text` a string.
 * Throws `NewerStateError` when newer code wrote the aggregates.
 */
export function seriesRowOf({ metric, series, part, row }: RowItem, definition: Metric): SeriesRow {
  const plan = planAggregates(definition.aggregates);
  const values = plan.results(plan.decode(row.aggregate), row.endMs - row.startMs);
  const measures = new Map<string, Measure>();
  // What the user named stands first: it is never replaced by a column of ours.
  for (const [name, value] of Object.entries(values)) add(measures, valueMeasure(name, value));
  add(measures, { name: 'window_end', kind: 'time', value: row.endMs });
  add(measures, { name: 'rev', kind: 'integer', value: row.rev });
  add(measures, { name: 'late', kind: 'integer', value: row.late });
  add(measures, { name: 'anomaly', kind: 'flag', value: row.anomaly });
  if (row.score !== null) add(measures, { name: 'score', kind: 'number', value: row.score });
  if (row.expected !== null) {
    add(measures, { name: 'expected_low', kind: 'number', value: row.expected.low });
    add(measures, { name: 'expected_high', kind: 'number', value: row.expected.high });
  }
  if (row.incident !== null) add(measures, { name: 'incident', kind: 'text', value: row.incident });
  return {
    dimensions: { metric, series, part },
    name: metric,
    timeMs: row.startMs,
    version: versionOf(row),
    measures: [...measures.values()],
  };
}

function add(measures: Map<string, Measure>, measure: Measure | null): void {
  if (measure === null || measures.has(measure.name)) return;
  if (measure.kind === 'text' && Buffer.byteLength(measure.value) > TEXT_BYTES_MAX) return;
  measures.set(measure.name, measure);
}

function valueMeasure(name: string, value: AggregateValue): Measure | null {
  if (value === null || value === '') return null;
  if (typeof value === 'number') return { name, kind: 'number', value };
  if (typeof value === 'boolean') return { name: `${name}_flag`, kind: 'flag', value };
  if (typeof value === 'string') return { name: `${name}_text`, kind: 'text', value };
  // Neither of the number types of Timestream holds its digits.
  if (typeof value === 'bigint')
    return { name: `${name}_text`, kind: 'text', value: String(value) };
  return { name: `${name}_list`, kind: 'text', value: jsonText(value) };
}
