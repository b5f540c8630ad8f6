import { identityOf } from '../json/large-integer';
import type { Scalar } from '../pipeline/pipeline';
import type { TopEntry } from './aggregate';
import { type CellKind, INTEGER_BYTES } from './cell';
import { countOf, encodedScalar, listOf, malformed, scalarOf } from './shape';
import { STORED_TEXT_BYTES_MAX, scalarBytes, storedText } from './stored-text';

/**
 * Space-Saving (A. Metwally, D. Agrawal, A. El Abbadi, "Efficient Computation of Frequent and Top-k
 * Elements in Data Streams", ICDT 2005): a fixed number of counters; a new value takes over the
 * least one together with its count, which is then the value's possible error.
 */
export interface TopCell {
  /** In order of insertion, which decides which of several least counters is taken over. */
  counters: Map<Scalar, Counter>;
  /** No value without a counter occurred more often than this; 0 = nothing was ever dropped. */
  missed: number;
  /** Sum of all counts. */
  total: number;
  /** Bytes of all values as JSON. */
  valueBytes: number;
  /** Values whose counter was the least, at `least`, when last looked; a cache, never encoded. */
  candidates: readonly Scalar[];
  candidateAt: number;
  least: number;
}

interface Counter {
  count: number;
  error: number;
  readonly bytes: number;
}

export const TOP_K = 10;

/** Four times as many counters as are listed, and no fewer than 64. */
export function topCapacity(k: number): number {
  return Math.max(4 * k, 64);
}

export function addToTop(cell: TopCell, value: Scalar, capacity: number): void {
  const stored = storedScalar(value);
  const counter = cell.counters.get(stored);
  if (counter !== undefined) {
    counter.count += 1;
    cell.total += 1;
  } else if (cell.counters.size < capacity) insert(cell, stored, 1 + cell.missed, cell.missed);
  else {
    cell.missed = dropLeast(cell);
    insert(cell, stored, 1 + cell.missed, cell.missed);
  }
}

/** Numbers are counted with the bigints of the same value. */
function storedScalar(value: Scalar): Scalar {
  if (typeof value === 'number') return identityOf(value);
  return typeof value === 'string' ? storedText(value) : value;
}

export function topOf(cell: TopCell, k: number): TopEntry[] {
  return byCount(cell)
    .slice(0, k)
    .map(([value, { count, error }]) => ({ value, count, error }));
}

const COMMA_BYTES = 1;

function insert(cell: TopCell, value: Scalar, count: number, error: number): void {
  const bytes = scalarBytes(value) + COMMA_BYTES;
  // A Map takes -0 for 0 and keeps 0.
  cell.counters.set(value, { count, error, bytes });
  cell.valueBytes += bytes;
  cell.total += count;
}

/** Drops the oldest of the least counters and answers its count. */
function dropLeast(cell: TopCell): number {
  for (;;) {
    while (cell.candidateAt < cell.candidates.length) {
      const value = cell.candidates[cell.candidateAt] as Scalar;
      cell.candidateAt += 1;
      const counter = cell.counters.get(value);
      if (counter?.count !== cell.least) continue;
      cell.counters.delete(value);
      cell.valueBytes -= counter.bytes;
      cell.total -= counter.count;
      return counter.count;
    }
    findLeast(cell);
  }
}

function findLeast(cell: TopCell): void {
  let least = Number.POSITIVE_INFINITY;
  for (const { count } of cell.counters.values()) if (count < least) least = count;
  const candidates: Scalar[] = [];
  for (const [value, { count }] of cell.counters) if (count === least) candidates.push(value);
  cell.candidates = candidates;
  cell.candidateAt = 0;
  cell.least = least;
}

function byCount(cell: TopCell): [Scalar, Counter][] {
  return [...cell.counters].sort(([a, { count: x }], [b, { count: y }]) => y - x || order(a, b));
}

const TYPE_ORDER = ['bigint', 'number', 'string', 'boolean'];

/** Numbers before texts before booleans; texts by UTF-16 code units. */
function order(a: Scalar, b: Scalar): number {
  if (typeof a !== typeof b && !(isNumeric(a) && isNumeric(b))) {
    return TYPE_ORDER.indexOf(typeof a) - TYPE_ORDER.indexOf(typeof b);
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function isNumeric(value: Scalar): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

/**
 * M. Cafaro, M. Pulimeno, P. Tempesta, "A Parallel Space Saving Algorithm for Frequent Items and the
 * Hurwitz Zeta Distribution" (2016), after P. K. Agarwal and others, "Mergeable Summaries" (2013):
 * counts add up, a value that one part has no counter for may have occurred there as often as that
 * part missed one, and the greatest counters stay.
 */
function mergeCells(a: TopCell, b: TopCell, capacity: number): TopCell {
  const all = create();
  for (const [value, { count, error }] of a.counters) {
    const other = b.counters.get(value) ?? { count: b.missed, error: b.missed };
    insert(all, value, count + other.count, error + other.error);
  }
  for (const [value, { count, error }] of b.counters) {
    if (!all.counters.has(value)) insert(all, value, count + a.missed, error + a.missed);
  }
  all.missed = a.missed + b.missed;
  return all.counters.size <= capacity ? all : keepGreatest(all, capacity);
}

function keepGreatest(all: TopCell, capacity: number): TopCell {
  const sorted = byCount(all);
  const kept = create();
  for (const [value, { count, error }] of sorted.slice(0, capacity)) {
    insert(kept, value, count, error);
  }
  kept.missed = Math.max(all.missed, sorted[capacity]?.[1].count ?? 0);
  return kept;
}

function create(): TopCell {
  return {
    counters: new Map(),
    missed: 0,
    total: 0,
    valueBytes: 0,
    candidates: [],
    candidateAt: 0,
    least: 0,
  };
}

function encode(cell: TopCell): unknown[] {
  const counters = [...cell.counters.values()];
  const lists = [
    cell.missed,
    [...cell.counters.keys()].map(encodedScalar),
    counters.map(({ count }) => count),
  ];
  const exact = counters.every(({ error }) => error === 0);
  return exact ? lists : [...lists, counters.map(({ error }) => error)];
}

function decode(encoded: unknown, capacity: number): TopCell {
  const [missed, values, counts, errors = []] = listOf(encoded, 'top');
  const valueList = listOf(values, 'top values');
  const countList = listOf(counts, 'top counts');
  const errorList = listOf(errors, 'top errors');
  if (valueList.length > capacity || valueList.length !== countList.length) {
    throw malformed('top', encoded);
  }
  const cell = create();
  cell.missed = countOf(missed, 'top missed');
  valueList.forEach((value, i) => {
    const count = countOf(countList[i], 'top count');
    insert(cell, scalarOf(value, 'top value'), count, countOf(errorList[i] ?? 0, 'top error'));
  });
  return cell;
}

function holdsInteger({ counters }: TopCell): boolean {
  for (const value of counters.keys()) if (typeof value === 'bigint') return true;
  return false;
}

const BRACKETS_BYTES = 10;

/** Encoded: `[missed, values, counts]`, and the errors if there are any. */
export function topCell(capacity: number): CellKind<TopCell> {
  return {
    create,
    merge: (a, b) => mergeCells(a, b, capacity),
    encode,
    holdsInteger,
    decode: (encoded) => decode(encoded, capacity),
    bytes: (cell) => {
      const countBytes = Math.ceil(Math.log10(cell.total + 1)) + 1;
      const integers = cell.counters.size * 2 + 1;
      return cell.valueBytes + countBytes * integers + BRACKETS_BYTES;
    },
    bytesMax:
      capacity * (STORED_TEXT_BYTES_MAX + 1 + 2 * INTEGER_BYTES) + INTEGER_BYTES + BRACKETS_BYTES,
  };
}
