import type { Counters } from '../fold/state';
import type { Item } from '../port';
import { countOf, listOf } from './shape';

/** In the order of a body's `c`. */
export function decodeCounters(value: unknown): Counters {
  const [applied, late, duplicate, invalid, revised, dedupeOverflow] = listOf(value, 'c');
  return {
    applied: countOf(applied, 'c'),
    late: countOf(late, 'c'),
    duplicate: countOf(duplicate, 'c'),
    invalid: countOf(invalid, 'c'),
    revised: countOf(revised, 'c'),
    dedupeOverflow: countOf(dedupeOverflow, 'c'),
  };
}

/** What a state item has counted, whatever else of it is spoilt; null = that cannot be read. */
export function readCounters({ body }: Item): Counters | null {
  try {
    return decodeCounters((JSON.parse(String(body)) as { c?: unknown }).c);
  } catch {
    return null;
  }
}
