import { exactMean, exactSum, exactVariance } from './exact-number';
import type { ReferenceAggregate, ReferenceMetric } from './reference-pipeline';
import {
  asIdentity,
  at,
  isScalar,
  JSON_NUMBER,
  type ReferenceMeasurement,
} from './reference-record';

export type Scalar = string | number | boolean | bigint;

/**
 * What one aggregate of one row must be. `oneOf` lists more than one value where the design leaves the
 * choice open: `first` and `last` of equal event times under different partition keys.
 */
export type ExpectedValue =
  | { readonly kind: 'exact'; readonly oneOf: readonly (Scalar | null)[] }
  | { readonly kind: 'near'; readonly value: number | null; readonly relative: number }
  | { readonly kind: 'distinct'; readonly count: number }
  | { readonly kind: 'top'; readonly k: number; readonly counts: ReadonlyMap<Scalar, number> };

/** Measurements of one window, one list per part (partition key), each in order of arrival. */
export type Parts = readonly (readonly ReferenceMeasurement[])[];

const QUANTILE_PER_MILLE: Readonly<Record<string, number>> = {
  p50: 500,
  p90: 900,
  p95: 950,
  p99: 990,
  p999: 999,
};
/** Variance by running sums rounds at every step; the mean rounds twice. */
const VARIANCE_RELATIVE = 1e-9;
const MEAN_RELATIVE = 4e-16;

export function referenceAggregates(
  metric: ReferenceMetric,
  parts: Parts,
): Record<string, ExpectedValue> {
  return Object.fromEntries(
    metric.aggregates.map((aggregate) => [aggregate.as, expected(aggregate, parts, metric)]),
  );
}

/** Whether every numeric result of the row is finite: else its last measurement cannot be applied. */
export function isFiniteRow(metric: ReferenceMetric, parts: Parts): boolean {
  return Object.values(referenceAggregates(metric, parts)).every((value) =>
    value.kind === 'near'
      ? value.value === null || Number.isFinite(value.value)
      : value.kind !== 'exact' ||
        value.oneOf.every((x) => typeof x !== 'number' || Number.isFinite(x)),
  );
}

function expected(
  aggregate: ReferenceAggregate,
  parts: Parts,
  metric: ReferenceMetric,
): ExpectedValue {
  const scalars = parts
    .flat()
    .map((measurement) => inputOf(aggregate, measurement))
    .filter(isScalar)
    .map((value) => (metric.coerce ? asWritten(value) : value));
  const numbers = scalars
    .map((value) => asNumber(value, metric.coerce))
    .filter((value): value is number => typeof value === 'number');
  switch (aggregate.op) {
    case 'count':
      return exact(scalars.length);
    case 'rate':
      return near(scalars.length / (metric.sizeMs / 1000), MEAN_RELATIVE);
    case 'sum':
      return exact(exactSum(numbers));
    case 'min':
      return exact(numbers.length === 0 ? null : numbers.reduce((a, b) => Math.min(a, b)));
    case 'max':
      return exact(numbers.length === 0 ? null : numbers.reduce((a, b) => Math.max(a, b)));
    case 'mean':
      return near(numbers.length === 0 ? null : exactMean(numbers), MEAN_RELATIVE);
    case 'variance':
      return near(numbers.length === 0 ? null : exactVariance(numbers), VARIANCE_RELATIVE);
    case 'stddev':
      return near(
        numbers.length === 0 ? null : Math.sqrt(exactVariance(numbers)),
        VARIANCE_RELATIVE,
      );
    case 'first':
    case 'last':
      return {
        kind: 'exact',
        oneOf: extremes(aggregate, parts).map((value) =>
          metric.coerce && value !== null ? asWritten(value) : value,
        ),
      };
    case 'distinct':
      return { kind: 'distinct', count: new Set(scalars.map(asIdentity)).size };
    case 'top':
      return { kind: 'top', k: aggregate.k, counts: countEach(scalars.map(asIdentity)) };
    default:
      return near(quantile(aggregate.op, numbers), 0.01);
  }
}

/** An identity under `coerce`: a string that is written as its number would be is that number. */
function asWritten(value: Scalar): Scalar {
  if (typeof value !== 'string') {
    return value;
  }
  if (/^-?[1-9]\d{0,255}$/.test(value) && !Number.isSafeInteger(Number(value))) {
    return BigInt(value);
  }
  const number = Number(value);
  return Number.isFinite(number) && value === String(number) ? number : value;
}

function asNumber(value: Scalar, coerce: boolean): Scalar {
  const isNumber = coerce && typeof value === 'string' && JSON_NUMBER.test(value);
  return isNumber || typeof value === 'bigint' ? Number(value) : value;
}

/** The sample at rank `floor(q * (n - 1))`. */
function quantile(op: string, numbers: readonly number[]): number | null {
  const perMille = QUANTILE_PER_MILLE[op];
  if (perMille === undefined) {
    throw new Error(`the reference does not know the aggregate ${op}`);
  }
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((perMille * (sorted.length - 1)) / 1000)] ?? null;
}

/** Each part's first (last) by event time, ties by arrival; then the earliest (latest) of those. */
function extremes(aggregate: ReferenceAggregate, parts: Parts): (Scalar | null)[] {
  const isFirst = aggregate.op === 'first';
  const candidates = parts.flatMap((part) => {
    const seen = part.flatMap((measurement) => {
      const value = inputOf(aggregate, measurement);
      return isScalar(value) ? [{ eventMs: measurement.eventMs, value }] : [];
    });
    // The sort is stable, so equal event times stay in order of arrival.
    const ordered = seen.sort((a, b) => a.eventMs - b.eventMs);
    return ordered.length === 0 ? [] : [isFirst ? ordered.at(0)! : ordered.at(-1)!];
  });
  const times = candidates.map((candidate) => candidate.eventMs);
  const best = isFirst ? Math.min(...times) : Math.max(...times);
  const values = candidates.filter((c) => c.eventMs === best).map((c) => c.value);
  return values.length === 0 ? [null] : values;
}

function inputOf(aggregate: ReferenceAggregate, measurement: ReferenceMeasurement): unknown {
  return aggregate.path === null ? measurement.value : at(measurement.record, aggregate.path);
}

function countEach(values: readonly Scalar[]): Map<Scalar, number> {
  const counts = new Map<Scalar, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

function exact(value: Scalar | null): ExpectedValue {
  return { kind: 'exact', oneOf: [value] };
}

function near(value: number | null, relative: number): ExpectedValue {
  return { kind: 'near', value, relative };
}
