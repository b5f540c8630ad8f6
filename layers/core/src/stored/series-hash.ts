import type { Key } from '../port';
import { sha256OfText } from '../record/sha256';

const SERIES_HASH_DIGITS = 8;

/**
 * Names a series in logs, which hold no names and no keys of the data: the beginning of the SHA-256 of
 * `pk` and `sk` of its state item, with a space between, in UTF-8. `sha256sum` finds the same.
 */
export function seriesHash({ pk, sk }: Key): string {
  return sha256OfText(`${pk} ${sk}`).slice(0, SERIES_HASH_DIGITS);
}

/**
 * The same of an item of the Results table, a row or a transition: its `pk` is that of the state but for the
 * kind, and its `sk` has the partition key behind the first `#`.
 */
export function seriesHashOfResult({ pk, sk }: Key): string {
  const part = sk.split('#')[1] ?? '';
  return seriesHash({ pk: `S${pk.slice(pk.indexOf('#'))}`, sk: part });
}
