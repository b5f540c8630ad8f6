import { type CellKind, INTEGER_BYTES } from './cell';
import { countOf } from './shape';

/** How many values of any type. */
export interface CountCell {
  n: number;
}

export const COUNT_CELL: CellKind<CountCell> = {
  create: () => ({ n: 0 }),
  merge: (a, b) => ({ n: a.n + b.n }),
  encode: (cell) => cell.n,
  decode: (encoded) => ({ n: countOf(encoded, 'count') }),
  bytes: () => INTEGER_BYTES,
  bytesMax: INTEGER_BYTES,
};
