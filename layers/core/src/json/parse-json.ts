import { sha256OfUnits } from '../record/sha256';
import { isLargeInteger } from './large-integer';

/** The least digits of an integer that a double may not hold. */
const LONG_DIGITS = 16;
const HALF = LONG_DIGITS / 2;

/**
 * `JSON.parse` that loses no digit: an integer literal outside ±(2^53 − 1) becomes a `bigint`. Numbers
 * with a fraction or an exponent stay doubles, and so do integers of more than `INTEGER_DIGITS_MAX`
 * digits. Throws `SyntaxError` as `JSON.parse` does.
 *
 * @example parseJson('{"id":9007199254740993}') // { id: 9007199254740993n }
 */
export function parseJson(text: string): unknown {
  return hasLongDigits(text) ? parseExactly(text) : JSON.parse(text);
}

/** A run of 16 digits covers one of every 16 places, so a usual record costs a few looks. */
function hasLongDigits(text: string): boolean {
  for (let at = LONG_DIGITS - 1; at < text.length; at += LONG_DIGITS) {
    if (!isDigit(text.charCodeAt(at))) continue;
    // Of 16 digits around a place at least 8 stand on one side of it: most shorter runs end here.
    if (!isDigit(text.charCodeAt(at - HALF)) && !isDigit(text.charCodeAt(at + HALF))) continue;
    let start = at;
    while (isDigit(text.charCodeAt(start - 1))) start--;
    let end = at + 1;
    while (isDigit(text.charCodeAt(end)) && end - start < LONG_DIGITS) end++;
    if (end - start >= LONG_DIGITS) return true;
  }
  return false;
}

/** As JSON escapes it, the one character that no string holds in another way. */
const NUL = '\\u0000';
const NONCE_DIGITS = 32;

/**
 * Until Node 21 a reviver does not see the text of a number. So the literals become strings that no
 * string of the text can be: they begin with a NUL, and where the text has NULs of its own, with a digest
 * of the text as well, which a text cannot hold of itself.
 */
function parseExactly(text: string): unknown {
  const nonce = text.includes(NUL) ? sha256OfUnits(text).slice(0, NONCE_DIGITS) : '';
  const marked = markIntegers(text, NUL + nonce);
  return marked === text ? JSON.parse(text) : reviveIntegers(JSON.parse(marked), `\0${nonce}`);
}

const QUOTE = 0x22;
const MINUS = 0x2d;

function markIntegers(text: string, mark: string): string {
  let marked = '';
  let copied = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at + 1);
    else if (code !== MINUS && !isDigit(code)) at++;
    else {
      const end = numberEnd(text, at);
      const number = end - at < LONG_DIGITS ? '' : text.slice(at, end);
      if (isLargeInteger(number) && !isName(text, end)) {
        marked += `${text.slice(copied, at)}"${mark}${number}"`;
        copied = end;
      }
      at = end;
    }
  }
  return copied === 0 ? text : marked + text.slice(copied);
}

/** Behind the quote that ends a string. Each backslash is counted once: it stands before one quote. */
function stringEnd(text: string, from: number): number {
  let at = from;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let escapes = quote;
    while (escapes > at && text[escapes - 1] === '\\') escapes--;
    at = quote + 1;
    if ((quote - escapes) % 2 === 0) return at;
  }
}

/** Behind all that could belong to a number, valid or not. */
function numberEnd(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && NUMBER_CHARACTERS.includes(text[at] as string)) at++;
  return at;
}

const NUMBER_CHARACTERS = '0123456789+-.eE';

/** A number before a colon is a mistake that marking would mend. */
function isName(text: string, end: number): boolean {
  let at = end;
  while (' \t\r\n'.includes(text[at] ?? '-')) at++;
  return text[at] === ':';
}

/** In place, without recursion: `JSON.parse` takes any depth, and the stack does not. */
function reviveIntegers(parsed: unknown, mark: string): unknown {
  const root = { parsed };
  const left: object[] = [root];
  for (let container = left.pop(); container !== undefined; container = left.pop()) {
    const fields = container as { [field: string]: unknown };
    for (const field of Object.keys(fields)) {
      const value = fields[field];
      if (typeof value === 'object' && value !== null) left.push(value);
      else if (typeof value === 'string' && value.startsWith(mark)) {
        fields[field] = BigInt(value.slice(mark.length));
      }
    }
  }
  return root.parsed;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
