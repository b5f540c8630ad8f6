import type { Metric } from '../pipeline/pipeline';

/** Where a record stands in its stream. A sequence number is unique within its shard only. */
export interface Position {
  readonly stream: string;
  readonly shard: string;
  /** Decimal digits, compared by length and then by text: never a JavaScript or DynamoDB number. */
  readonly sequence: string;
  /** Index among the user records of one stream record (KPL aggregates, transforms); 0 otherwise. */
  readonly sub: number;
}

/** A record as the event source delivered it. */
export interface StreamRecord {
  readonly position: Position;
  readonly partitionKey: string;
  readonly arrivalMs: number;
  /** The record's exact bytes: what the quarantine keeps. */
  readonly bytes: () => Uint8Array;
}

export const INVALID_REASONS = [
  'base64',
  'size',
  'json',
  'transform',
  'series',
  'time',
  'value',
  'future',
  'fold',
  'attempts',
  'stale',
] as const;

export type InvalidReason = (typeof INVALID_REASONS)[number];

/** One slot per input path of the metric's aggregates; `undefined` where the record has none. */
export type AggregateInput = string | number | boolean | undefined;

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
}
