/** Compares what the product shows with the reference; every difference is one line. */

import { createHash } from 'node:crypto';
import type { AggregateValue, TopEntry } from '@millrace/core/aggregate/aggregate';
import { jsonText } from '@millrace/core/json/write-json';
import type {
  ReferenceAccounting,
  ReferenceQuarantine,
  ReferenceResult,
  ReferenceRow,
} from './reference';
import type { ExpectedValue } from './reference-aggregate';

export interface ActualRow {
  readonly metric: string;
  readonly series: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly rev: number;
  readonly late: number;
  readonly values: Readonly<Record<string, AggregateValue>>;
}

export type ActualQuarantine = Omit<ReferenceQuarantine, 'data'> & { readonly data: Uint8Array };

export type ActualAccounting = Omit<ReferenceAccounting, 'records' | 'in'>;

export interface ActualResult {
  readonly rows: readonly ActualRow[];
  readonly quarantine: readonly ActualQuarantine[];
  readonly accounting: ActualAccounting;
}

/** Up to this many distinct values are counted exactly. */
const DISTINCT_EXACT_MAX = 64;
const DISTINCT_RELATIVE = 0.05;

/** Empty when the product agrees with the reference. */
export function differences(expected: ReferenceResult, actual: ActualResult): string[] {
  return [
    ...rowDifferences(expected.rows, actual.rows),
    ...quarantineDifferences(expected.quarantine, actual.quarantine),
    ...accountingDifferences(expected.accounting, actual.accounting),
  ];
}

export function rowDifferences(
  expected: readonly ReferenceRow[],
  actual: readonly ActualRow[],
): string[] {
  const wanted = new Map(expected.map((row) => [rowName(row), row]));
  const found = new Map(actual.map((row) => [rowName(row), row]));
  const twice = found.size < actual.length ? ['some rows are there twice'] : [];
  const missing = [...wanted.keys()].filter((name) => !found.has(name));
  const extra = [...found.keys()].filter((name) => !wanted.has(name));
  const wrong = expected.flatMap((row) => {
    const other = found.get(rowName(row));
    return other === undefined ? [] : compareRow(row, other);
  });
  return [
    ...twice,
    ...missing.map((name) => `row ${name} is missing`),
    ...extra.map((name) => `row ${name} should not be there`),
    ...wrong,
  ];
}

function compareRow(expected: ReferenceRow, actual: ActualRow): string[] {
  const name = rowName(expected);
  const fields = (['endMs', 'rev', 'late'] as const)
    .filter((field) => expected[field] !== actual[field])
    .map((field) => `row ${name}: ${field} is ${actual[field]}, not ${expected[field]}`);
  const names = new Set([...Object.keys(expected.values), ...Object.keys(actual.values)]);
  const values = [...names].flatMap((field) => {
    const value = expected.values[field];
    if (value === undefined || !(field in actual.values)) {
      return [`row ${name}: ${field} is on one side only`];
    }
    const shown = actual.values[field] as AggregateValue;
    return isAsExpected(value, shown)
      ? []
      : [`row ${name}: ${field} is ${jsonText(shown)}, not ${describe(value)}`];
  });
  return [...fields, ...values];
}

export function isAsExpected(expected: ExpectedValue, actual: AggregateValue): boolean {
  switch (expected.kind) {
    case 'exact':
      // `==` of numbers, so that -0 is 0, as in JSON.
      return expected.oneOf.some((value) => value === actual);
    case 'near':
      return isNear(expected.value, actual, expected.relative);
    case 'distinct':
      return expected.count <= DISTINCT_EXACT_MAX
        ? actual === expected.count
        : isNear(expected.count, actual, DISTINCT_RELATIVE);
    case 'top':
      return Array.isArray(actual) && isTop(expected, actual as readonly TopEntry[]);
  }
}

function isNear(expected: number | null, actual: AggregateValue, relative: number): boolean {
  if (expected === null || typeof actual !== 'number') {
    return expected === actual;
  }
  return Math.abs(expected - actual) <= relative * Math.abs(expected);
}

/** Bounds always hold; when no entry claims an error, the list is the true top k (ties in any order). */
function isTop(
  expected: Extract<ExpectedValue, { kind: 'top' }>,
  actual: readonly TopEntry[],
): boolean {
  const { counts, k } = expected;
  const trueTop = [...counts.values()].sort((a, b) => b - a).slice(0, k);
  const isBounded = actual.every(({ value, count, error }) => {
    const trueCount = counts.get(value) ?? 0;
    return trueCount > 0 && trueCount <= count && trueCount >= count - error;
  });
  const isSorted = actual.every(({ count }, i) => i === 0 || count <= actual[i - 1]!.count);
  const isUnique = new Set(actual.map((entry) => entry.value)).size === actual.length;
  const isExact = actual.every((entry) => entry.error === 0);
  const sameCounts = actual.every((entry, i) => entry.count === trueTop[i]);
  return (
    actual.length === trueTop.length &&
    isBounded &&
    isSorted &&
    isUnique &&
    (!isExact || sameCounts)
  );
}

export function quarantineDifferences(
  expected: readonly ReferenceQuarantine[],
  actual: readonly ActualQuarantine[],
): string[] {
  const wanted = countBy(expected.map(quarantineName));
  const found = countBy(actual.map(quarantineName));
  return [...new Set([...wanted.keys(), ...found.keys()])]
    .filter((name) => wanted.get(name) !== found.get(name))
    .map(
      (name) =>
        `quarantine ${name}: ${found.get(name) ?? 0} times, not ${wanted.get(name) ?? 0} times`,
    );
}

export function accountingDifferences(
  expected: ReferenceAccounting,
  actual: ActualAccounting,
): string[] {
  return (
    ['applied', 'late', 'duplicate', 'invalid', 'unmatched', 'revised', 'dedupeOverflow'] as const
  )
    .filter((field) => expected[field] !== actual[field])
    .map((field) => `accounting: ${field} is ${actual[field]}, not ${expected[field]}`);
}

function quarantineName(entry: ActualQuarantine): string {
  const { reason, metric, shard, sequence, sub, partitionKey, arrivalMs } = entry;
  const hash = createHash('sha256').update(entry.data).digest('hex').slice(0, 16);
  const text = Buffer.from(entry.data.subarray(0, 200)).toString('latin1');
  const place = [reason, metric, shard, sequence, sub, partitionKey, arrivalMs, hash];
  return `${JSON.stringify(place)} (${text})`;
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function rowName(row: { metric: string; series: string; startMs: number }): string {
  return `${row.metric} / ${row.series} / ${new Date(row.startMs).toISOString()}`;
}

function describe(expected: ExpectedValue): string {
  switch (expected.kind) {
    case 'exact':
      return expected.oneOf.map((value) => jsonText(value)).join(' or ');
    case 'near':
      return `${expected.value} within ${expected.relative}`;
    case 'distinct':
      return `${expected.count} distinct`;
    case 'top':
      return `top ${expected.k} of ${jsonText([...expected.counts])}`;
  }
}
