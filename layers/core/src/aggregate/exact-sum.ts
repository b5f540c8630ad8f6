/**
 * Sums of doubles without any rounding: J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic
 * and Fast Robust Geometric Predicates" (1997): grow-expansion with zero elimination. As the state
 * is the exact sum, it depends neither on the order of the values nor on how parts are merged.
 */
export interface ExactSum {
  /** With `rest` empty: the correctly rounded sum, and exactly what that leaves. */
  hi: number;
  lo: number;
  /** Parts below `lo`, least first. Empty unless the values span more than some 100 bits. */
  rest: readonly number[];
  /** Least first: the sum of the values from HUGE on, times 2^-200, which therefore cannot overflow. */
  huge: readonly number[];
  // All lists are canonical: each part is the rounded sum of itself and all parts below it.
}

const HUGE = 2 ** 900;
const SHRINK = 2 ** -200;
const GROW = 2 ** 200;
/** From here on, the values below HUGE (fewer than 2^53 of them) cannot cancel the huge ones. */
const DOMINANT = 2 ** 1000 * SHRINK;
/** Parts below this only decide ties beside a dominant sum; `STICKY` stands for them, shrunk. */
const TINY = 2 ** -700;
const STICKY = 2 ** -1000;
/** The least double above 1. */
const NEXT_ABOVE_1 = 1 + 2 ** -52;

/** Canonical parts are 53 bits apart: from 2^953 to 2^-1074, and from 2^1077 to 2^848. */
export const PARTS_MAX = 40;
export const HUGE_PARTS_MAX = 6;
export const NO_PARTS: readonly number[] = [];

/** `value` is finite. The sum may leave the doubles' range: see `sumStaysFinite`. */
export function addExact(sum: ExactSum, value: number): void {
  if (value >= HUGE || value <= -HUGE) sum.huge = canonical(grow(sum.huge, value * SHRINK));
  else addLow(sum, value);
}

/** Whether the correctly rounded sum would still be finite with `value` added. */
export function sumStaysFinite(sum: ExactSum, value: number): boolean {
  if (sum.huge.length === 0 && value < HUGE && value > -HUGE) return true;
  const trial = { hi: sum.hi, lo: sum.lo, rest: sum.rest, huge: sum.huge };
  addExact(trial, value);
  return Number.isFinite(roundedSum(trial));
}

/** Adds all of `from` to `to`; lists are replaced, never changed, so copies may share them. */
export function addSum(to: ExactSum, from: ExactSum): void {
  for (const part of from.rest) addLow(to, part);
  addLow(to, from.lo);
  addLow(to, from.hi);
  for (const part of from.huge) to.huge = canonical(grow(to.huge, part));
}

/** The double nearest to the exact sum, ties to even; infinite beyond the doubles' range. */
export function roundedSum(sum: ExactSum): number {
  if (sum.huge.length === 0) return sum.rest.length === 0 ? sum.hi : roundParts(lowParts(sum));
  const low = lowParts(sum);
  if (Math.abs(roundParts(sum.huge)) < DOMINANT) {
    return roundParts(sum.huge.reduce((parts, part) => grow(parts, part * GROW), low));
  }
  const weighty = low.filter((part) => Math.abs(part) >= TINY);
  const tiny = low[low.length - weighty.length - 1] ?? 0;
  const parts = weighty.reduce((all, part) => grow(all, part * SHRINK), sum.huge);
  return roundParts(grow(parts, Math.sign(tiny) * STICKY)) * GROW;
}

/** All parts below HUGE, least first: the one list that stands for them however it came about. */
export function lowParts(sum: ExactSum): readonly number[] {
  if (sum.hi === 0) return NO_PARTS;
  return sum.lo === 0 ? [sum.hi] : [...sum.rest, sum.lo, sum.hi];
}

/** From the lists of another sum. */
export function setParts(sum: ExactSum, low: readonly number[], huge: readonly number[]): void {
  setLow(sum, low);
  sum.huge = canonical(huge);
}

function addLow(sum: ExactSum, value: number): void {
  const { hi, lo, rest } = sum;
  const total = hi + value;
  const shadow = total - hi;
  const error = hi - (total - shadow) + (value - shadow);
  const low = lo + error;
  const lowShadow = low - lo;
  const left = lo - (low - lowShadow) + (error - lowShadow);
  if (left !== 0 || rest.length > 0) {
    setLow(sum, grow(lowParts(sum), value));
    return;
  }
  const nearest = total + low;
  const nearestShadow = nearest - total;
  sum.hi = nearest;
  sum.lo = total - (nearest - nearestShadow) + (low - nearestShadow);
}

function setLow(sum: ExactSum, parts: readonly number[]): void {
  const kept = canonical(parts);
  sum.hi = kept[kept.length - 1] ?? 0;
  sum.lo = kept[kept.length - 2] ?? 0;
  sum.rest = kept.length > 2 ? kept.slice(0, -2) : NO_PARTS;
}

/** Parts are not zero, do not overlap, and rise in magnitude; so does the answer. */
function grow(parts: readonly number[], value: number): number[] {
  const grown: number[] = [];
  let carry = value;
  for (const part of parts) {
    const total = carry + part;
    const shadow = total - carry;
    const left = carry - (total - shadow) + (part - shadow);
    if (left !== 0) grown.push(left);
    carry = total;
  }
  if (carry !== 0) grown.push(carry);
  return grown;
}

function canonical(parts: readonly number[]): readonly number[] {
  if (isCanonical(parts)) return parts;
  const found: number[] = [];
  let left = parts;
  while (left.length > 0) {
    const nearest = roundParts(left);
    found.push(nearest);
    left = grow(left, -nearest);
  }
  return found.reverse();
}

/** May answer false for a canonical list. A part of exactly half a unit of the next could be a tie. */
function isCanonical(parts: readonly number[]): boolean {
  for (let at = 1; at < parts.length; at += 1) {
    const above = parts[at] as number;
    const part = parts[at - 1] as number;
    if (above + part !== above || above + part * NEXT_ABOVE_1 !== above) return false;
  }
  return true;
}

function roundParts(parts: readonly number[]): number {
  let at = parts.length - 1;
  let nearest = parts[at] ?? 0;
  let left = 0;
  while (at > 0 && left === 0) {
    at -= 1;
    const part = parts[at] as number;
    const total = nearest + part;
    left = part - (total - nearest);
    nearest = total;
  }
  // What is left was rounded on its own. If it was exactly half a unit, the next part breaks the tie.
  const below = at > 0 ? (parts[at - 1] as number) : 0;
  if ((left > 0 && below > 0) || (left < 0 && below < 0)) {
    const twice = left * 2;
    const next = nearest + twice;
    if (next - nearest === twice) return next;
  }
  return nearest;
}
