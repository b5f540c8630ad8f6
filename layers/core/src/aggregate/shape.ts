import { BugError } from '../error';
import { largeInteger } from '../json/large-integer';
import type { Scalar } from '../pipeline/pipeline';

/** Checks of decoded state: what fails here was not written by `encode`. */

export function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(what, value);
  return value;
}

export function numberOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(what, value);
  return value;
}

/** More than any window counts, and far enough from the last whole number that adding stays below it. */
const COUNT_MAX = 2 ** 52;

export function countOf(value: unknown, what: string): number {
  const isCount = Number.isSafeInteger(value) && (value as number) >= 0;
  if (!isCount || (value as number) > COUNT_MAX) throw malformed(what, value);
  return value as number;
}

export function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string') throw malformed(what, value);
  return value;
}

/** How a cell stores a value: JSON has no bigint, so that one is a list of its digits. */
export function encodedScalar(value: Scalar): unknown {
  return typeof value === 'bigint' ? [String(value)] : value;
}

export function scalarOf(value: unknown, what: string): Scalar {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) {
    const integer = largeInteger(String(value[0]));
    if (integer === undefined) throw malformed(what, value);
    return integer;
  }
  return numberOf(value, what);
}

/** Says what it found by its type alone: errors are logged, and values are data. */
export function malformed(what: string, value: unknown): BugError {
  const type = Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value;
  return new BugError(`encoded aggregate: ${what} is malformed, in a ${type}`);
}
