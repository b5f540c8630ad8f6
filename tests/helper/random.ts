/** Seeded choices for generated streams and faults: the same seed gives the same run everywhere. */
export interface Choices {
  /** In [0, 1). */
  next(): number;
  /** An integer in [0, max). */
  int(max: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** In [0, max), small ones most often. */
  skewed(max: number): number;
}

/** Mulberry32. */
export function createChoices(seed: number): Choices {
  let state = seed >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  const int = (max: number) => Math.floor(next() * max);
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (from) => {
      if (from.length === 0) {
        throw new Error('nothing to pick from');
      }
      return from[int(from.length)]!;
    },
    skewed: (max) => Math.floor(next() ** 3 * max),
  };
}
