import { digitAt, digitText, RADIX } from './printable';
import { malformed } from './shape';

/**
 * HyperLogLog (P. Flajolet and others, 2007) with 2^12 registers over 52-bit hashes, read with the
 * improved estimator of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
 * (2017), which needs no table of corrections. Standard error 1.04 / sqrt(4096) = 1.6 %.
 */

export const REGISTERS = 4096;
/** The 40 bits of a hash that do not choose the register give ranks 1 to 41. */
const RANK_BITS = 40;
const RANK_MAX = RANK_BITS + 1;
const TWO_32 = 2 ** 32;

/** `hash` is an integer below 2^52. Answers whether an empty register was filled. */
export function addHash(registers: Uint8Array, hash: number): boolean {
  const high = Math.floor(hash / TWO_32);
  return addHalves(registers, high, hash >>> 0);
}

/** The same for a hash in two parts: its upper 20 and lower 32 bits. */
export function addHalves(registers: Uint8Array, high: number, low: number): boolean {
  const register = high >>> 8;
  const top = high & 0xff;
  const rank = top === 0 ? Math.clz32(low) + 9 : Math.clz32(top) - 23;
  const before = registers[register] as number;
  if (rank > before) registers[register] = rank;
  return before === 0;
}

export function estimate(registers: Uint8Array): number {
  const counts = new Array<number>(RANK_MAX + 1).fill(0);
  for (const rank of registers) counts[rank] = (counts[rank] as number) + 1;
  let z = REGISTERS * tau(1 - (counts[RANK_MAX] as number) / REGISTERS);
  for (let rank = RANK_BITS; rank >= 1; rank -= 1) z = (z + (counts[rank] as number)) / 2;
  z += REGISTERS * sigma((counts[0] as number) / REGISTERS);
  return REGISTERS ** 2 / (2 * Math.LN2 * z);
}

/** Ertl's correction for registers that are still empty: x + sum of x^(2^k) * 2^(k-1). */
function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let x = share;
  let sum = share;
  let weight = 1;
  for (let before = Number.NaN; sum !== before; weight *= 2) {
    before = sum;
    x *= x;
    sum += x * weight;
  }
  return sum;
}

/** Ertl's correction for registers that are full: (1 - x - sum of (1 - x^(2^-k))^2 * 2^-k) / 3. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let sum = 1 - share;
  let weight = 1;
  for (let before = Number.NaN; sum !== before; ) {
    before = sum;
    x = Math.sqrt(x);
    weight /= 2;
    sum -= (1 - x) ** 2 * weight;
  }
  return sum / 3;
}

/** The digits from RANK_MAX on stand for runs of 1 to 51 empty registers. */
const RUN_MAX = RADIX - RANK_MAX;

/** One character per filled register and per run of empty ones: short while few are filled. */
export function registersText(registers: Uint8Array): string {
  let text = '';
  let run = 0;
  for (const rank of registers) {
    if (run > 0 && (rank > 0 || run === RUN_MAX)) {
      text += digitText(RANK_MAX - 1 + run);
      run = 0;
    }
    if (rank > 0) text += digitText(rank - 1);
    else run += 1;
  }
  return run > 0 ? text + digitText(RANK_MAX - 1 + run) : text;
}

export function registersBytesMax(filled: number): number {
  return Math.min(REGISTERS, 2 * filled + 1 + Math.ceil(REGISTERS / RUN_MAX));
}

export function registersFromText(text: string): Uint8Array {
  const registers = new Uint8Array(REGISTERS);
  let at = 0;
  for (let i = 0; i < text.length; i += 1) {
    const digit = digitAt(text, i);
    if (digit < RANK_MAX) registers[at] = digit + 1;
    at += digit < RANK_MAX ? 1 : digit - RANK_MAX + 1;
  }
  if (at !== REGISTERS) throw malformed('distinct registers', text);
  return registers;
}
