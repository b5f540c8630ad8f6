import { malformed } from './shape';

/**
 * Digits of base 92: printable ASCII without the space and the two characters that JSON escapes, so
 * that packed state costs one byte a character however often it is quoted.
 */
const ALPHABET = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index))
  .filter((character) => character !== '"' && character !== '\\')
  .join('');

export const RADIX = ALPHABET.length;

const DIGIT_BY_CODE = Int8Array.from({ length: 128 }, (_, code) =>
  ALPHABET.indexOf(String.fromCharCode(code)),
);

/** Half of the digits end a number of variable length, the other half continue it. */
const HALF = RADIX / 2;

export function digitText(digit: number): string {
  return ALPHABET.charAt(digit);
}

export function digitAt(text: string, at: number): number {
  const digit = DIGIT_BY_CODE[text.charCodeAt(at)] ?? -1;
  if (digit < 0) throw malformed('packed text', text);
  return digit;
}

/** `width` digits, least significant first; `value` is a safe integer below 92^width. */
export function fixedText(value: number, width: number): string {
  let text = '';
  let left = value;
  for (let i = 0; i < width; i += 1) {
    text += digitText(left % RADIX);
    left = Math.floor(left / RADIX);
  }
  return text;
}

export function fixedAt(text: string, at: number, width: number): number {
  let value = 0;
  for (let i = width - 1; i >= 0; i -= 1) value = value * RADIX + digitAt(text, at + i);
  return value;
}

/** A safe integer in as many digits as it needs: 1 below 46, 2 below 2,116, and so on. */
export function variableText(value: number): string {
  let text = '';
  let left = value;
  while (left >= HALF) {
    text += digitText((left % HALF) + HALF);
    left = Math.floor(left / HALF);
  }
  return text + digitText(left);
}

/** All numbers of a text made of `variableText` pieces. */
export function variableNumbers(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let scale = 1;
  for (let at = 0; at < text.length; at += 1) {
    const digit = digitAt(text, at);
    value += (digit % HALF) * scale;
    scale *= HALF;
    if (digit >= HALF) continue;
    if (!Number.isSafeInteger(value)) throw malformed('packed number', text);
    numbers.push(value);
    value = 0;
    scale = 1;
  }
  if (scale !== 1) throw malformed('end of packed text', text);
  return numbers;
}

/** An upper bound of the digits of `terms` positive numbers that sum to `total`. */
export function variableDigitsMax(terms: number, total: number): number {
  if (terms === 0) return 0;
  // A number c takes at most 1 + log46(c) digits, which is concave: an even split is the worst.
  return Math.ceil(terms * (1 + Math.log(Math.max(1, total / terms)) / Math.log(HALF)) + 1e-6);
}
