import { identityOf } from '../json/large-integer';
import type { Scalar } from '../pipeline/pipeline';

/**
 * A fixed 64-bit hash of a JSON scalar, the same in every process that shares sketches; 1, "1" and
 * true differ, 0 and -0 do not, nor do a number and the bigint of the same value. Two 32-bit lanes that mix into each other, in the manner of
 * MurmurHash3 (A. Appleby, public domain), over UTF-16 code units taken in pairs. Not for secrets:
 * whoever chooses the values can make them collide.
 */

const SEED_BY_TYPE = {
  number: 0x6d696c6c,
  string: 0x72616365,
  boolean: 0x64697374,
  bigint: 0x696e7467,
} as const;

const lanes = new Int32Array(2);
const numberBits = new DataView(new ArrayBuffer(8));

/** Answers both 32-bit halves in a buffer that the next call overwrites: no allocation per value. */
export function hashScalar(value: Scalar): Int32Array {
  if (typeof value === 'string') {
    lanes[0] = SEED_BY_TYPE.string;
    lanes[1] = value.length;
    hashText(value);
  } else if (typeof value === 'number') {
    const identity = identityOf(value);
    if (typeof identity === 'bigint') return hashScalar(identity);
    lanes[0] = SEED_BY_TYPE.number;
    lanes[1] = 8;
    numberBits.setFloat64(0, value + 0);
    mixBlock(numberBits.getInt32(0), numberBits.getInt32(4));
  } else if (typeof value === 'bigint') {
    const digits = String(value);
    lanes[0] = SEED_BY_TYPE.bigint;
    lanes[1] = digits.length;
    hashText(digits);
  } else {
    lanes[0] = SEED_BY_TYPE.boolean;
    lanes[1] = 1;
    mixBlock(value ? 1 : 0, 0);
  }
  finish();
  return lanes;
}

function hashText(text: string): void {
  const whole = text.length - 3;
  let at = 0;
  for (; at < whole; at += 4) {
    const low = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16);
    const high = text.charCodeAt(at + 2) | (text.charCodeAt(at + 3) << 16);
    mixBlock(low, high);
  }
  if (at < text.length) mixBlock(unitsAt(text, at), unitsAt(text, at + 2));
}

/** Two code units, 0 beyond the end: the length, which is mixed in too, tells them from U+0000. */
function unitsAt(text: string, at: number): number {
  const first = at < text.length ? text.charCodeAt(at) : 0;
  return at + 1 < text.length ? first | (text.charCodeAt(at + 1) << 16) : first;
}

function mixBlock(low: number, high: number): void {
  let a = lanes[0] as number;
  let b = lanes[1] as number;
  let mixedLow = Math.imul(low, 0x239b961b);
  mixedLow = (mixedLow << 15) | (mixedLow >>> 17);
  a ^= Math.imul(mixedLow, 0xab0e9789);
  a = (a << 19) | (a >>> 13);
  a = (Math.imul((a + b) | 0, 5) + 0x561ccd1b) | 0;
  let mixedHigh = Math.imul(high, 0x38b34ae5);
  mixedHigh = (mixedHigh << 17) | (mixedHigh >>> 15);
  b ^= Math.imul(mixedHigh, 0xa1e38b93);
  b = (b << 13) | (b >>> 19);
  b = (Math.imul((b + a) | 0, 5) + 0x0bcaa747) | 0;
  lanes[0] = a;
  lanes[1] = b;
}

function finish(): void {
  const a = ((lanes[0] as number) + (lanes[1] as number)) | 0;
  const b = ((lanes[1] as number) + a) | 0;
  const left = avalanche(a);
  const right = avalanche(b);
  lanes[0] = (left + right) | 0;
  lanes[1] = (right + Math.imul(lanes[0], 3)) | 0;
}

/** Every bit of the answer depends on every bit of `bits`. */
function avalanche(bits: number): number {
  let mixed = bits ^ (bits >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
