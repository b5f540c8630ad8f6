import { fixedText } from '../aggregate/printable';
import { identityOf } from '../json/large-integer';
import type { Dedupe, JsonRecord, Path } from '../pipeline/pipeline';
import { getPath } from './path';
import { sha256OfUnits } from './sha256';

/** Every key is this short and plain ASCII, as a window remembers hundreds of them in its state. */
export const DEDUPE_KEY_BYTES_MAX = 41;

/** Keys a window remembers unless told, and at most. */
export const REMEMBERED_DEFAULT = 256;
export const REMEMBERED_MAX = 4_096;

/** Of a hashed key: 64 bits. */
export const HASHED_KEY_BYTES = 10;
const HALF_DIGITS = HASHED_KEY_BYTES / 2;
const HALF_HEX = 8;

export function rememberedMax(dedupe: Dedupe): number {
  return dedupe.remember ?? REMEMBERED_DEFAULT;
}

/** More keys than usual are kept as hashes: exact ones would not leave room for the windows. */
export function areHashed(dedupe: Dedupe): boolean {
  return rememberedMax(dedupe) > REMEMBERED_DEFAULT;
}

/** What a window remembers of a key. Of 4,096 hashes a new key meets one once in 10^15 times. */
export function rememberedKey(key: string, dedupe: Dedupe): string {
  if (!areHashed(dedupe)) return key;
  const hash = sha256OfUnits(key);
  const half = (at: number) => Number.parseInt(hash.slice(at, at + HALF_HEX), 16);
  return fixedText(half(0), HALF_DIGITS) + fixedText(half(HALF_HEX), HALF_DIGITS);
}

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
