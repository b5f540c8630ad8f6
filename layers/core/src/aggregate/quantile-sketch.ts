import { type CellKind, INTEGER_BYTES, NUMBER_BYTES } from './cell';
import { variableDigitsMax, variableNumbers, variableText } from './printable';
import {
  BINS_MAX,
  type Bins,
  binKey,
  binMiddle,
  collapse,
  keysByValue,
  LEAST_MAGNITUDE,
  NO_FLOOR,
  raiseFloor,
  sortedKeys,
} from './quantile-bins';
import { countOf, listOf, malformed, numberOf, textOf } from './shape';

/** All values while they are few, then counts by magnitude. Also knows `min`, `max` and `count`. */
export interface QuantileCell {
  n: number;
  min: number;
  max: number;
  /** In order of arrival, while `bins` is null. */
  raw: number[];
  bins: Bins | null;
  /** Zeros and subnormal numbers, once there are bins. */
  zeros: number;
  floor: number;
}

export const RAW_MAX = 64;

export function addToQuantiles(cell: QuantileCell, value: number): void {
  cell.n += 1;
  if (value < cell.min) cell.min = value + 0;
  if (value > cell.max) cell.max = value + 0;
  if (cell.bins !== null) addToBins(cell, cell.bins, value);
  else {
    cell.raw.push(value + 0);
    if (cell.raw.length > RAW_MAX) binRawValues(cell);
  }
}

export function sketchMin(cell: QuantileCell): number | null {
  return cell.n === 0 ? null : cell.min;
}

export function sketchMax(cell: QuantileCell): number | null {
  return cell.n === 0 ? null : cell.max;
}

/** The value at rank `floor(quantile * (n - 1))`, within 1 %; null for no values. */
export function quantileOf(cell: QuantileCell, quantile: number): number | null {
  if (cell.n === 0) return null;
  const rank = Math.floor(quantile * (cell.n - 1));
  if (cell.bins === null) return cell.raw.toSorted((a, b) => a - b)[rank] as number;
  return Math.min(Math.max(valueAtRank(cell, cell.bins, rank), cell.min), cell.max);
}

function valueAtRank(cell: QuantileCell, bins: Bins, rank: number): number {
  const { negative, positive } = keysByValue(bins);
  let left = rank;
  for (const key of negative) {
    left -= bins.get(key) as number;
    if (left < 0) return binMiddle(key);
  }
  left -= cell.zeros;
  if (left < 0) return 0;
  for (const key of positive) {
    left -= bins.get(key) as number;
    if (left < 0) return binMiddle(key);
  }
  return cell.max;
}

function addToBins(cell: QuantileCell, bins: Bins, value: number): void {
  if (value < LEAST_MAGNITUDE && value > -LEAST_MAGNITUDE) {
    cell.zeros += 1;
    return;
  }
  const key = binKey(value, cell.floor);
  const count = bins.get(key);
  if (count !== undefined) bins.set(key, count + 1);
  else {
    bins.set(key, 1);
    cell.floor = collapse(bins, cell.floor);
  }
}

function binRawValues(cell: QuantileCell): void {
  const bins: Bins = new Map();
  for (const value of cell.raw) addToBins(cell, bins, value);
  cell.bins = bins;
  cell.raw = [];
}

function mergeCells(a: QuantileCell, b: QuantileCell): QuantileCell {
  const merged: QuantileCell = {
    ...a,
    raw: [...a.raw],
    bins: a.bins === null ? null : new Map(a.bins),
  };
  if (b.bins === null) {
    for (const value of b.raw) addToQuantiles(merged, value);
    return merged;
  }
  if (merged.bins === null) binRawValues(merged);
  const bins = merged.bins as unknown as Bins;
  merged.n += b.n;
  merged.min = Math.min(a.min, b.min);
  merged.max = Math.max(a.max, b.max);
  merged.zeros += b.zeros;
  for (const [key, count] of b.bins) bins.set(key, (bins.get(key) ?? 0) + count);
  const floor = Math.max(merged.floor, b.floor);
  if (floor !== NO_FLOOR) raiseFloor(bins, floor);
  merged.floor = collapse(bins, floor);
  return merged;
}

function create(): QuantileCell {
  return {
    n: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    raw: [],
    bins: null,
    zeros: 0,
    floor: NO_FLOOR,
  };
}

function encodeBins(cell: QuantileCell, bins: Bins): unknown[] {
  let packed = '';
  let before = 0;
  for (const key of sortedKeys(bins)) {
    packed += variableText(key - before) + variableText(bins.get(key) as number);
    before = key;
  }
  return [cell.min, cell.max, cell.zeros, cell.floor, packed];
}

function decodeRaw(values: readonly unknown[]): QuantileCell {
  if (values.length > RAW_MAX) throw malformed('quantile values', values.length);
  const cell = create();
  for (const value of values) addToQuantiles(cell, numberOf(value, 'quantile value'));
  return cell;
}

function decodeBins(encoded: readonly unknown[]): QuantileCell {
  const [min, max, zeros, floor, packed] = encoded;
  const cell = create();
  const bins: Bins = new Map();
  cell.bins = bins;
  cell.min = numberOf(min, 'quantile min');
  cell.max = numberOf(max, 'quantile max');
  cell.zeros = countOf(zeros, 'quantile zeros');
  cell.floor = floor === NO_FLOOR ? NO_FLOOR : countOf(floor, 'quantile floor');
  cell.n = cell.zeros;
  const numbers = variableNumbers(textOf(packed, 'quantile bins'));
  if (numbers.length % 2 !== 0) throw malformed('quantile bins', packed);
  let key = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    key += numbers[i] as number;
    const count = numbers[i + 1] as number;
    cell.n += count;
    bins.set(key, count);
  }
  if (bins.size > BINS_MAX) throw malformed('number of quantile bins', bins.size);
  return cell;
}

const BRACKETS_BYTES = 6;
const RAW_BYTES_MAX = RAW_MAX * NUMBER_BYTES + BRACKETS_BYTES;

/** Each step between keys takes one digit, two from 46 on, three from 2,116 on (at most 86 times). */
function binsBytes(bins: number, n: number): number {
  const steps = 2 * bins + 86;
  const counts = variableDigitsMax(bins, n);
  return 2 * NUMBER_BYTES + 2 * INTEGER_BYTES + BRACKETS_BYTES + steps + counts;
}

/** Encoded: `[[value…]]`, or `[min, max, zeros, floor, bins]` with the bins' keys as differences. */
export const QUANTILE_CELL: CellKind<QuantileCell> = {
  create,
  merge: mergeCells,
  encode: (cell) => (cell.bins === null ? [cell.raw] : encodeBins(cell, cell.bins)),
  decode: (encoded) => {
    const list = listOf(encoded, 'quantiles');
    return list.length === 1 ? decodeRaw(listOf(list[0], 'quantile values')) : decodeBins(list);
  },
  bytes: (cell) =>
    cell.bins === null
      ? cell.raw.length * NUMBER_BYTES + BRACKETS_BYTES
      : binsBytes(cell.bins.size, cell.n),
  bytesMax: Math.max(RAW_BYTES_MAX, binsBytes(BINS_MAX, Number.MAX_SAFE_INTEGER)),
};
