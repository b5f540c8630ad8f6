import type { Scalar } from '../pipeline/pipeline';
import { type CellKind, INTEGER_BYTES, NUMBER_BYTES } from './cell';
import { encodedScalar, listOf, numberOf, scalarOf } from './shape';
import { STORED_TEXT_BYTES_MAX, scalarBytes, storedText } from './stored-text';

/** The value with the least (first) or greatest (last) event time; null while there is none. */
export interface EdgeCell {
  atMs: number;
  value: Scalar | null;
}

/** Among equal event times the earliest arrival stays. */
export function addToFirst(cell: EdgeCell, value: Scalar, eventMs: number): void {
  if (cell.value === null || eventMs < cell.atMs) setEdge(cell, value, eventMs);
}

/** Among equal event times the latest arrival wins. */
export function addToLast(cell: EdgeCell, value: Scalar, eventMs: number): void {
  if (cell.value === null || eventMs >= cell.atMs) setEdge(cell, value, eventMs);
}

function setEdge(cell: EdgeCell, value: Scalar, eventMs: number): void {
  cell.atMs = eventMs;
  if (typeof value === 'string') cell.value = storedText(value);
  else cell.value = typeof value === 'number' ? value + 0 : value;
}

const BRACKETS_BYTES = 3;

export const FIRST_CELL = edgeCell(addToFirst);
export const LAST_CELL = edgeCell(addToLast);

/** Encoded: null or `[event time in ms, value]`. */
function edgeCell(
  add: (cell: EdgeCell, value: Scalar, eventMs: number) => void,
): CellKind<EdgeCell> {
  return {
    create: () => ({ atMs: 0, value: null }),
    merge: (a, b) => {
      const merged = { ...a };
      if (b.value !== null) add(merged, b.value, b.atMs);
      return merged;
    },
    encode: (cell) => (cell.value === null ? null : [cell.atMs, encodedScalar(cell.value)]),
    holdsInteger: ({ value }) => typeof value === 'bigint',
    decode: (encoded) => {
      if (encoded === null) return { atMs: 0, value: null };
      const [atMs, value] = listOf(encoded, 'first or last');
      return { atMs: numberOf(atMs, 'event time'), value: scalarOf(value, 'first or last value') };
    },
    bytes: ({ value }) =>
      NUMBER_BYTES + BRACKETS_BYTES + (value === null ? NUMBER_BYTES : scalarBytes(value)),
    bytesMax: INTEGER_BYTES + NUMBER_BYTES + BRACKETS_BYTES + STORED_TEXT_BYTES_MAX,
  };
}
