/**
 * The bins of a DDSketch (C. Masson, J. E. Rim, H. K. Lee, "DDSketch: A Fast and Fully-Mergeable
 * Quantile Sketch with Relative-Error Guarantees", VLDB 2019): bin i holds the magnitudes in
 * (gamma^(i-1), gamma^i], and its middle is within RELATIVE_ERROR of all of them.
 *
 * A bin key is `2 * (i + SHIFT)`, plus 1 for negative numbers: a small integer that sorts by
 * magnitude.
 */

/** 0.8 %: rounding in log and exp (about 1e-13) cannot reach the promised 1 %. */
const RELATIVE_ERROR = 0.008;
const LOG_GAMMA = Math.log((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR));
const BINS_PER_LOG = 1 / LOG_GAMMA;
/** ln(2 / (1 + gamma)): from a bin's upper bound to its middle. */
const LOG_MIDDLE = Math.log(1 - RELATIVE_ERROR);
/** Makes every index positive: ln of the least normal double is -708.4, which is bin -44,274. */
const SHIFT = 45_000;

/** Below the least normal double a bin would be wider than the numbers' own grid: they count as 0. */
export const LEAST_MAGNITUDE = 2 ** -1022;
export const BINS_MAX = 1024;
/** Magnitudes of both signs may be collapsed into the floor: it takes up to two bins. */
const BINS_ABOVE_FLOOR_MAX = BINS_MAX - 2;
export const NO_FLOOR = -1;

export type Bins = Map<number, number>;

/** Of a number whose magnitude is at least LEAST_MAGNITUDE. */
export function binKey(value: number, floor: number): number {
  const magnitude = value < 0 ? -value : value;
  const index = Math.ceil(Math.log(magnitude) * BINS_PER_LOG) + SHIFT;
  return Math.max(index, floor) * 2 + (value < 0 ? 1 : 0);
}

/** The number that stands for a bin; infinite at the very end of the range, so clamp it. */
export function binMiddle(key: number): number {
  const magnitude = Math.exp((indexOf(key) - SHIFT) * LOG_GAMMA + LOG_MIDDLE);
  return isNegative(key) ? -magnitude : magnitude;
}

/** Bin keys from the least number to the greatest. */
export function keysByValue(bins: Bins): { negative: Int32Array; positive: Int32Array } {
  const keys = sortedKeys(bins);
  return {
    negative: keys.filter(isNegative).reverse(),
    positive: keys.filter((key) => !isNegative(key)),
  };
}

/** Typed, because such an array sorts numbers without calling back. */
export function sortedKeys(bins: Bins): Int32Array {
  return Int32Array.from(bins.keys()).sort();
}

/**
 * Collapses the bins nearest zero when there are too many, and answers the new floor: the index of
 * the greatest collapsed bin. The floor is the least one that leaves at most 1,022 bins above it,
 * and the bins above it were never collapsed; so it depends on what was added, not on the order.
 */
export function collapse(bins: Bins, floor: number): number {
  let at = floor;
  while (binsAbove(bins, at) > BINS_ABOVE_FLOOR_MAX) {
    const next = leastAbove(bins, at);
    moveBin(bins, at * 2, next * 2);
    moveBin(bins, at * 2 + 1, next * 2 + 1);
    at = next;
  }
  return at;
}

/** Nothing lies below the floor, so only the floor's own two bins are not above it. */
function binsAbove(bins: Bins, floor: number): number {
  if (bins.size <= BINS_ABOVE_FLOOR_MAX) return bins.size;
  return bins.size - Number(bins.has(floor * 2)) - Number(bins.has(floor * 2 + 1));
}

function leastAbove(bins: Bins, floor: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const key of bins.keys()) if (key < least && indexOf(key) > floor) least = key;
  return indexOf(least);
}

function moveBin(bins: Bins, from: number, to: number): void {
  const count = bins.get(from);
  if (count === undefined) return;
  bins.delete(from);
  bins.set(to, (bins.get(to) ?? 0) + count);
}

/** Moves all bins below `floor` into it. */
export function raiseFloor(bins: Bins, floor: number): void {
  for (const key of [...bins.keys()]) {
    if (indexOf(key) < floor) moveBin(bins, key, floor * 2 + (isNegative(key) ? 1 : 0));
  }
}

function indexOf(key: number): number {
  return Math.floor(key / 2);
}

function isNegative(key: number): boolean {
  return key % 2 === 1;
}
