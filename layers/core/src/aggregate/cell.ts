/**
 * A cell is the mutable state of one or more aggregates of one input; its kind knows how to make,
 * merge and store it. Adding is not here: the plan calls each kind's `add…` directly, so that the
 * hot path stays monomorphic.
 */
export interface CellKind<Cell> {
  create(): Cell;
  /** A new cell that shares nothing mutable with `a` or `b`; all of `a` arrived before all of `b`. */
  merge(a: Cell, b: Cell): Cell;
  encode(cell: Cell): unknown;
  /** Throws `BugError` for anything `encode` cannot have written. */
  decode(encoded: unknown): Cell;
  /** Whether it holds a bigint, which code before version 2 of the encoding cannot read. */
  holdsInteger?(cell: Cell): boolean;
  /** Upper estimate of the encoded size, in bytes, in constant time. */
  bytes(cell: Cell): number;
  readonly bytesMax: number;
}

/** The longest a double gets as JSON ("-0.0000012345678901234567"), and a comma. */
export const NUMBER_BYTES = 26;
/** The longest a safe integer gets as JSON, and a comma. */
export const INTEGER_BYTES = 18;
