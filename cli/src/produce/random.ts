import { createHash } from 'node:crypto';
import { createRandom, type Random } from '@millrace/engine/random';

/** Reproducible randomness: the same seed gives the same numbers on every machine. */
export interface SeededRandom extends Random {
  /** In [low, high). */
  between(low: number, high: number): number;
  /** Standard normal. */
  normal(): number;
}

/**
 * A generator of its own for each concern (`label`), so that asking for one more late record does not
 * change the signal.
 *
 * @example seededRandom(1, 'noise/host-01').next()
 */
export function seededRandom(seed: number, label: string): SeededRandom {
  const hash = createHash('md5').update(`${seed}/${label}`).digest();
  const { next, int } = createRandom(hash.readUIntBE(0, 6));
  return {
    next,
    int,
    between: (low, high) => low + next() * (high - low),
    // Box and Muller; 1 - next() is never 0.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}
