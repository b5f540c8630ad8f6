import { UndecodableStateError } from '../error';

/*
 * Checks of what a state item holds. Each answers the value, or throws and says what is malformed: never
 * the value itself, which may be anything.
 */

/**
 * Beyond every time that a state may hold: that of a date, and what a metric lets events be late. Sums of
 * times with such durations are still whole numbers that a table holds.
 */
const TIME_MS_MAX = 8.7e15;

export function malformed(what: string): UndecodableStateError {
  return new UndecodableStateError(`${what} is malformed`);
}

export function listOf(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw malformed(what);
  return value;
}

export function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(what);
  return value as Record<string, unknown>;
}

export function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string') throw malformed(what);
  return value;
}

export function numberOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw malformed(what);
  return value;
}

/** Far enough from the last whole number: what is decoded must be so again after commits have added to it. */
const COUNT_MAX = 2 ** 52;

export function countOf(value: unknown, what: string, least = 0): number {
  if (!Number.isSafeInteger(value) || (value as number) < least) throw malformed(what);
  if ((value as number) > COUNT_MAX) throw malformed(what);
  return value as number;
}

export function timeOf(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || Math.abs(value as number) > TIME_MS_MAX)
    throw malformed(what);
  return value as number;
}

export function boundsOf(value: unknown, what: string): { low: number; high: number } {
  const bounds = objectOf(value, what);
  return { low: numberOf(bounds.low, what), high: numberOf(bounds.high, what) };
}

export function jsonOf(text: unknown, what: string): unknown {
  try {
    return JSON.parse(textOf(text, what));
  } catch {
    throw new UndecodableStateError(`${what} is no JSON`);
  }
}
