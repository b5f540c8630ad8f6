import type { Metric, Scalar } from '../pipeline/pipeline';

export const INVALID_REASONS = [
  'base64',
  'size',
  'key',
  'json',
  'transform',
  'series',
  'time',
  'value',
  'future',
  'past',
  'fold',
  'attempts',
  'marks',
  'stale',
  'state',
] as const;

export type InvalidReason = (typeof INVALID_REASONS)[number];

/** One slot per input path of the metric's aggregates; `undefined` where the record has none. */
export type AggregateInput = Scalar | undefined;

/** A (record, metric) pair that matched and is valid. */
export interface Measurement {
  readonly kind: 'measurement';
  readonly metric: Metric;
  /** Values of the series paths joined by `|`, escaped; `*` for a metric without series. */
  readonly series: string;
  readonly eventMs: number;
  /** Slot 0 is the metric's value (1 when none is set), then one per path of `aggregateInputs(metric)`. */
  readonly inputs: readonly AggregateInput[];
  readonly dedupeKey: string | null;
}

/** A (record, metric) pair, or a whole record (`metric` null), that can never be applied. */
export interface Rejection {
  readonly kind: 'rejection';
  readonly metric: Metric | null;
  readonly reason: InvalidReason;
  readonly detail: string;
  /** Of `future` and `past`. */
  readonly eventMs?: number;
}
