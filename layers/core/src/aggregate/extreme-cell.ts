import { type CellKind, NUMBER_BYTES } from './cell';
import { numberOf } from './shape';

/** The least or the greatest number; infinite while there is none. */
export interface ExtremeCell {
  value: number;
}

export function addToMin(cell: ExtremeCell, value: number): void {
  // Adding 0 turns -0 into 0, which is what JSON would do to it.
  if (value < cell.value) cell.value = value + 0;
}

export function addToMax(cell: ExtremeCell, value: number): void {
  if (value > cell.value) cell.value = value + 0;
}

export function extremeOf(cell: ExtremeCell): number | null {
  return Number.isFinite(cell.value) ? cell.value : null;
}

export const MIN_CELL = extremeCell(Number.POSITIVE_INFINITY, Math.min);
export const MAX_CELL = extremeCell(Number.NEGATIVE_INFINITY, Math.max);

function extremeCell(
  none: number,
  better: (a: number, b: number) => number,
): CellKind<ExtremeCell> {
  return {
    create: () => ({ value: none }),
    merge: (a, b) => ({ value: better(a.value, b.value) }),
    encode: extremeOf,
    decode: (encoded) => ({ value: encoded === null ? none : numberOf(encoded, 'extreme') }),
    bytes: () => NUMBER_BYTES,
    bytesMax: NUMBER_BYTES,
  };
}
