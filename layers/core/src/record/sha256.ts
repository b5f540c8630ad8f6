import { createHash } from 'node:crypto';

/**
 * Texts from this length on are remembered with their digest: the outputs of a fan-out share the long
 * texts of their record, and hashing a megabyte for each of 10,000 would take minutes. A look-up costs
 * nothing: V8 compares the same string by its address.
 */
const REMEMBERED_UNITS_MIN = 1_024;
/** Long texts that are remembered: more than the paths of one pipeline that can hold one. */
const REMEMBERED_MAX = 16;

const remembered = new Map<string, string>();

/**
 * SHA-256 of a text's UTF-16 units (big-endian), in hex: for the rare long keys. Over units and not
 * UTF-8, so that texts with different lone surrogates stay different.
 */
export function sha256OfUnits(text: string): string {
  if (text.length < REMEMBERED_UNITS_MIN) return digest(text);
  const known = remembered.get(text);
  if (known !== undefined) return known;
  if (remembered.size >= REMEMBERED_MAX) remembered.clear();
  const made = digest(text);
  remembered.set(text, made);
  return made;
}

/** SHA-256 of a text in UTF-8, in hex, as `sha256sum` gives it. */
export function sha256OfText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function digest(text: string): string {
  const bytes = new Uint8Array(text.length * 2);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    bytes[at * 2] = unit >>> 8;
    bytes[at * 2 + 1] = unit;
  }
  return createHash('sha256').update(bytes).digest('hex');
}
