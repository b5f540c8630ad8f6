import { type CellKind, INTEGER_BYTES, NUMBER_BYTES } from './cell';
import {
  addExact,
  addSum,
  type ExactSum,
  HUGE_PARTS_MAX,
  lowParts,
  NO_PARTS,
  PARTS_MAX,
  roundedSum,
  setParts,
} from './exact-sum';
import { countOf, listOf, malformed, numberOf } from './shape';

/** How many numbers, and their exact sum: `sum`, `mean`, and `count` of the same input. */
export interface SumCell extends ExactSum {
  n: number;
}

export function addToSum(cell: SumCell, value: number): void {
  cell.n += 1;
  addExact(cell, value);
}

/** null when parts, each with a finite sum, were merged into one that no double can hold. */
export function sumOf(cell: SumCell): number | null {
  const sum = roundedSum(cell);
  return Number.isFinite(sum) ? sum : null;
}

export function meanOf(cell: SumCell): number | null {
  const sum = sumOf(cell);
  return sum === null || cell.n === 0 ? null : sum / cell.n;
}

const BRACKETS_BYTES = 4;

/** Encoded: `[n, part…]`, greatest part first, then a list of the huge parts if there are any. */
export const SUM_CELL: CellKind<SumCell> = {
  create: () => ({ n: 0, hi: 0, lo: 0, rest: NO_PARTS, huge: NO_PARTS }),
  merge: (a, b) => {
    const merged = { n: a.n + b.n, hi: a.hi, lo: a.lo, rest: a.rest, huge: a.huge };
    addSum(merged, b);
    return merged;
  },
  encode: (cell) => {
    const low = [cell.n, ...lowParts(cell).toReversed()];
    return cell.huge.length === 0 ? low : [...low, cell.huge.toReversed()];
  },
  decode: (encoded) => {
    const [n, ...parts] = listOf(encoded, 'sum');
    const huge = Array.isArray(parts.at(-1)) ? listOf(parts.pop(), 'huge sum') : [];
    if (parts.length > PARTS_MAX || huge.length > HUGE_PARTS_MAX) throw malformed('sum', encoded);
    const cell = SUM_CELL.create();
    cell.n = countOf(n, 'sum count');
    setParts(
      cell,
      parts.map((part) => numberOf(part, 'sum part')).reverse(),
      huge.map((part) => numberOf(part, 'huge sum part')).reverse(),
    );
    return cell;
  },
  bytes: (cell) => {
    const parts = 2 + cell.rest.length + cell.huge.length;
    return INTEGER_BYTES + NUMBER_BYTES * parts + BRACKETS_BYTES;
  },
  bytesMax: INTEGER_BYTES + NUMBER_BYTES * (PARTS_MAX + HUGE_PARTS_MAX) + BRACKETS_BYTES,
};
