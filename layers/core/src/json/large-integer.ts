/**
 * Integers outside ±(2^53 − 1) name things: accounts, orders, posts. As doubles neighbours become one
 * number, so a record's such integers are bigints, with all their digits.
 */

/** Longer integers name nothing: they are read as the nearest double, which may be infinite. */
export const INTEGER_DIGITS_MAX = 256;

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const LIMIT = 10n ** BigInt(INTEGER_DIGITS_MAX);
/** JavaScript writes whole numbers from here on with an exponent. */
const EXPONENT_FROM = 1e21;

/** A transform may make any bigint: a safe one is the number it equals, one too long the nearest double. */
export function plainInteger(value: bigint): bigint | number {
  if (value >= -SAFE && value <= SAFE) return Number(value);
  return isTooLong(value) ? Number(value) : value;
}

export function isTooLong(value: bigint): boolean {
  return value >= LIMIT || value <= -LIMIT;
}

/** The integer that a text is exactly, if it is outside the safe range; else undefined. */
export function largeInteger(text: string): bigint | undefined {
  return isLargeInteger(text) ? BigInt(text) : undefined;
}

/** Whether a text is an integer literal of JSON, outside the safe range and not too long. */
export function isLargeInteger(text: string): boolean {
  if (text.length < 16 || text.length > INTEGER_DIGITS_MAX + 1) return false;
  if (!/^-?[1-9]\d{15,}$/.test(text)) return false;
  const tooLong = text.length > INTEGER_DIGITS_MAX && text[0] !== '-';
  return !tooLong && !Number.isSafeInteger(Number(text));
}

/** As an identity a whole number outside the safe range equals the bigint of the same value. */
export function identityOf(value: number): number | bigint {
  if (Number.isSafeInteger(value) || !Number.isInteger(value)) return value;
  return Math.abs(value) < EXPONENT_FROM ? BigInt(value) : value;
}
