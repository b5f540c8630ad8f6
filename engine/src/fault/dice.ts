import { createRandom, type Random } from '../random';

export interface Dice extends Random {
  /** A whole number, both ends included. */
  between(range: readonly [min: number, max: number]): number;
}

/**
 * Dice of one place where a fault may happen. They depend on the seed and the name alone, so taking
 * one fault out of a run leaves the others where they are: what makes a failing schedule shrink.
 */
export function diceFor(seed: number, name: string): Dice {
  let hash = Math.imul(seed | 0, 0x9e3779b1) ^ Math.trunc(seed / 2 ** 32);
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
    hash ^= hash >>> 15;
  }
  const random = createRandom(hash >>> 0);
  return {
    next: random.next,
    int: random.int,
    between: ([min, max]) => min + random.int(max - min + 1),
  };
}
