import type { Scalar } from '../pipeline/pipeline';
import { NUMBER_BYTES } from './cell';

/** Longer texts are cut before they are stored, so that one record cannot fill the state. */
export const TEXT_UNITS_MAX = 256;
/** Also in JSON and UTF-8, where one UTF-16 unit takes up to six bytes. */
export const TEXT_BYTES_MAX = 384;

const QUOTES_BYTES = 2;
const BYTES_PER_UNIT_MAX = 6;

/** The text up to 256 UTF-16 units and 384 bytes of JSON; a surrogate pair is never split. */
export function storedText(text: string): string {
  if (text.length * BYTES_PER_UNIT_MAX <= TEXT_BYTES_MAX) return text;
  let bytes = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.codePointAt(at) as number;
    const end = at + (code > 0xffff ? 2 : 1);
    bytes += codeBytes(code);
    if (end > TEXT_UNITS_MAX || bytes > TEXT_BYTES_MAX) return text.slice(0, at);
    at = end;
  }
  return text;
}

/** Upper bound of the bytes of a text as JSON in UTF-8, with its quotes. */
export function textBytes(text: string): number {
  let bytes = QUOTES_BYTES;
  for (const character of text) bytes += codeBytes(character.codePointAt(0) as number);
  return bytes;
}

/** Of a value as a cell stores it; an integer has fewer digits than the longest text has units. */
export function scalarBytes(value: Scalar): number {
  if (typeof value === 'string') return textBytes(value);
  return typeof value === 'bigint' ? String(value).length + INTEGER_FRAME_BYTES : NUMBER_BYTES;
}

/** `[""]` */
const INTEGER_FRAME_BYTES = 4;

export const STORED_TEXT_BYTES_MAX = TEXT_BYTES_MAX + QUOTES_BYTES;

function codeBytes(code: number): number {
  if (code < 0x20) return 6;
  if (code < 0x80) return code === 0x22 || code === 0x5c ? 2 : 1;
  if (code < 0x800) return 2;
  // JSON.stringify escapes a lone surrogate.
  if (code >= 0xd800 && code <= 0xdfff) return 6;
  return code > 0xffff ? 4 : 3;
}
