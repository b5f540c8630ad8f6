import { largeInteger } from '../json/large-integer';
import type { Scalar } from '../pipeline/pipeline';

/** A double needs no more than 1,080 characters to be written out whole. */
const NUMBER_UNITS_MAX = 2_048;

/** Whether a text is exactly a JSON number: no spaces, no plus sign, no leading zeros, no hex. */
export function isJsonNumber(text: string): boolean {
  return (
    text.length <= NUMBER_UNITS_MAX && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)
  );
}

/**
 * What a string says as an input of aggregates with `coerce`: the number, where JavaScript would write
 * that number just so. Any other text stays as it is, for `1.10` and `1.1` may be two versions, and
 * `1e5` an id; aggregates of numbers read it by `quantityOf`.
 */
export function coerced(text: string): Scalar {
  const integer = largeInteger(text);
  if (integer !== undefined) return integer;
  const number = Number(text);
  return Number.isFinite(number) && String(number) === text ? number : text;
}

/** What an aggregate of numbers takes an input for; undefined = it is none, infinite = refuse it. */
export function quantityOf(input: Scalar, coerce: boolean): number | undefined {
  if (typeof input === 'number') return input;
  if (typeof input === 'bigint') return Number(input);
  return coerce && typeof input === 'string' && isJsonNumber(input) ? Number(input) : undefined;
}

/**
 * A finite number, or NaN: JSON numbers beyond the double range (`1e400`) read as infinite. With
 * `coerce` a string that is exactly a JSON number counts too.
 */
export function finiteNumber(value: unknown, coerce: boolean): number {
  if (typeof value === 'number') return Number.isFinite(value) ? value : Number.NaN;
  if (typeof value === 'bigint') return finiteNumber(Number(value), coerce);
  if (!coerce || typeof value !== 'string' || !isJsonNumber(value)) return Number.NaN;
  const number = Number(value);
  return Number.isFinite(number) ? number : Number.NaN;
}
