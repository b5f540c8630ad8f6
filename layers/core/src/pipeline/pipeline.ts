/**
 * A pipeline as the rest of the code sees it: parsed, defaulted, every duration in milliseconds.
 * `pipeline.json` itself is read by `parse.ts`; its meaning is in docs/reference/pipeline.md.
 */

/** Own-property steps into a JSON value; array steps are canonical indexes ("0"). */
export type Path = readonly string[];

/** A bigint is an integer outside ±(2^53 − 1), of at most `INTEGER_DIGITS_MAX` digits. */
export type Scalar = string | number | boolean | bigint;

export interface MatchRule {
  readonly path: Path;
  readonly anyOf: readonly (Scalar | null)[];
}

export type TimeUnit = 's' | 'ms' | 'us' | 'ns';

export interface WindowSpec {
  readonly type: 'tumbling';
  readonly sizeMs: number;
  /** In [0, sizeMs): windows start at `k * sizeMs + offsetMs` since the epoch, UTC. */
  readonly offsetMs: number;
}

export const AGGREGATE_OPS = [
  'count',
  'sum',
  'mean',
  'min',
  'max',
  'first',
  'last',
  'variance',
  'stddev',
  'p50',
  'p90',
  'p95',
  'p99',
  'p999',
  'distinct',
  'rate',
  'top',
] as const;

export type AggregateOp = (typeof AGGREGATE_OPS)[number];

export interface AggregateSpec {
  readonly op: AggregateOp;
  /** Where the input is; null = the metric's own value. */
  readonly path: Path | null;
  /** Name of the output field in a row. */
  readonly as: string;
  /** `top` only: how many values are listed. */
  readonly k?: number;
}

export type Dedupe = DedupeKey & {
  /** Keys a window remembers, the latest of them; absent: `REMEMBERED_DEFAULT`. */
  readonly remember?: number;
};

type DedupeKey = { readonly by: 'eventId'; readonly path: Path } | { readonly by: 'eventTime' };

export type Severity = 'info' | 'warning' | 'critical';

export interface Detect {
  /** Name of a registered detector, `default` already resolved by the registry at use. */
  readonly detector: string;
  /** The output field (`as`) that is scored. */
  readonly on: string;
}

export interface Alert {
  readonly when: 'open';
  readonly minSeverity: Severity;
  readonly cooldownMs: number;
}

export interface Metric {
  readonly name: string;
  readonly match: readonly MatchRule[];
  readonly series: readonly Path[];
  /** null = the record's arrival time is its event time. */
  readonly time: { readonly path: Path; readonly unit: TimeUnit } | null;
  /** null = every record counts as 1. */
  readonly value: { readonly path: Path; readonly coerce: boolean } | null;
  /** `coerce` of a metric without `value`: for the paths of its aggregates. Else absent, as in older pipelines. */
  readonly coerce?: true;
  readonly window: WindowSpec;
  readonly outOfOrdernessMs: number;
  readonly allowedLatenessMs: number;
  readonly idleCloseMs: number;
  readonly maxFutureSkewMs: number;
  /** Absent: an event time may be as early as it likes. */
  readonly maxPastSkewMs?: number;
  readonly dedupe: Dedupe | null;
  readonly aggregates: readonly AggregateSpec[];
  readonly transform: string | null;
  readonly detect: Detect | null;
  readonly alert: Alert | null;
}

/** Whether strings may be numbers: at the value's path and at those of the aggregates. */
export function coerces({ value, coerce }: Metric): boolean {
  return value?.coerce ?? coerce ?? false;
}

export interface Pipeline {
  readonly version: 1;
  readonly transform: string | null;
  readonly metrics: readonly Metric[];
}

/**
 * User code on the live path: pure; a record becomes one record, several, or nothing. Integers outside
 * ±(2^53 − 1) are bigints.
 */
export type JsonRecord = { readonly [field: string]: unknown };
export type Transform = (
  record: JsonRecord,
) => JsonRecord | readonly JsonRecord[] | null | undefined;
export type Transforms = ReadonlyMap<string, Transform>;
