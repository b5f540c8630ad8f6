/**
 * Sums of doubles without rounding, for the reference: every double is an integer times 2^-1074, so
 * a BigInt holds any sum of them exactly.
 */

const FRACTION_BITS = 52n;
const SCALE_BITS = 1074n;
/** More than the 53 bits of a double, so that the last rounding is the only one. */
const QUOTIENT_BITS = 80;

/** `value * 2^1074`, exactly. `value` must be finite. */
export function scaled(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> FRACTION_BITS) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  const magnitude =
    exponent === 0n ? fraction : (fraction | (1n << FRACTION_BITS)) << (exponent - 1n);
  return bits >> 63n === 1n ? -magnitude : magnitude;
}

/** The double nearest to `numerator / denominator`; infinite when out of range. */
export function nearest(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) {
    return 0;
  }
  const negative = numerator < 0n !== denominator < 0n;
  const top = numerator < 0n ? -numerator : numerator;
  const bottom = denominator < 0n ? -denominator : denominator;
  const shift = QUOTIENT_BITS - (bitLength(top) - bitLength(bottom));
  const [dividend, divisor] =
    shift >= 0 ? [top << BigInt(shift), bottom] : [top, bottom << BigInt(-shift)];
  // A last bit that says "and something is left over" keeps ties from being seen where none are.
  const quotient = ((dividend / divisor) << 1n) | (dividend % divisor === 0n ? 0n : 1n);
  const magnitude = timesPowerOfTwo(Number(quotient), -shift - 1);
  return negative ? -magnitude : magnitude;
}

export function exactSum(values: readonly number[]): number {
  return nearest(
    values.reduce((sum, value) => sum + scaled(value), 0n),
    1n << SCALE_BITS,
  );
}

export function exactMean(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + scaled(value), 0n);
  return nearest(sum, BigInt(values.length) << SCALE_BITS);
}

/** Population variance: (n * sum of squares - square of the sum) / n^2. */
export function exactVariance(values: readonly number[]): number {
  const n = BigInt(values.length);
  const terms = values.map(scaled);
  const sum = terms.reduce((total, term) => total + term, 0n);
  const squares = terms.reduce((total, term) => total + term * term, 0n);
  return nearest(n * squares - sum * sum, (n * n) << (2n * SCALE_BITS));
}

function bitLength(value: bigint): number {
  return value.toString(2).length;
}

/** In two steps: 2^-1100 is not a double, while the product may be one. */
function timesPowerOfTwo(value: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return value * 2 ** half * 2 ** (exponent - half);
}
