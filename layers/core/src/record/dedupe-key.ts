import { identityOf } from '../json/large-integer';
import type { JsonRecord, Path } from '../pipeline/pipeline';
import { getPath } from './path';
import { sha256OfUnits } from './sha256';

/** Every key is this short and plain ASCII, as a window remembers 256 of them in its state. */
export const DEDUPE_KEY_BYTES_MAX = 41;

/** What is kept as it is: a UUID is, and nothing that JSON would have to escape. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]{0,40}$/;

/**
 * The key of a record's event id, or null when it has none (missing, null, object, list, a number that
 * no double holds). The number 1 and the string "1" are different ids; long ids are replaced by 128 bits
 * of their SHA-256.
 */
export function eventIdKey(record: JsonRecord, path: Path): string | null {
  const id = getPath(record, path);
  if (typeof id === 'string') {
    return PLAIN.test(id) ? `s${id}` : `h${sha256OfUnits(id).slice(0, 32)}`;
  }
  if (typeof id === 'number') return Number.isFinite(id) ? `n${identityOf(id)}` : null;
  if (typeof id === 'bigint') return integerKey(String(id));
  return typeof id === 'boolean' ? `b${id}` : null;
}

/** Not hashed like a text: the digits as a string are another id. */
function integerKey(digits: string): string {
  return digits.length < DEDUPE_KEY_BYTES_MAX
    ? `n${digits}`
    : `i${sha256OfUnits(digits).slice(0, 32)}`;
}
