import type { Scalar } from '../pipeline/pipeline';
import type { CellKind } from './cell';
import {
  addHalves,
  addHash,
  estimate,
  REGISTERS,
  registersBytesMax,
  registersFromText,
  registersText,
} from './hyper-log-log';
import { fixedAt, fixedText } from './printable';
import { hashScalar } from './scalar-hash';
import { listOf, malformed, textOf } from './shape';

/** Hashes of all values while they are few, then registers. What it holds depends on the set only. */
export interface DistinctCell {
  /** 52-bit hashes: two of 64 values collide once in 2 * 10^12 windows. Empty once there are registers. */
  hashes: Set<number>;
  registers: Uint8Array | null;
  /** Registers that are not 0. */
  filled: number;
}

export const EXACT_MAX = 64;
/** 92^8 exceeds 2^52. */
const HASH_DIGITS = 8;
const HIGH_MASK = 0xfffff;
const TWO_32 = 2 ** 32;

export function addToDistinct(cell: DistinctCell, value: Scalar): void {
  const halves = hashScalar(value);
  const high = (halves[0] as number) & HIGH_MASK;
  const low = (halves[1] as number) >>> 0;
  if (cell.registers === null) keepHash(cell, high * TWO_32 + low);
  else if (addHalves(cell.registers, high, low)) cell.filled += 1;
}

export function distinctOf(cell: DistinctCell): number {
  if (cell.registers === null) return cell.hashes.size;
  // There were more than 64 hashes, or there would be no registers.
  return Math.max(EXACT_MAX + 1, Math.round(estimate(cell.registers)));
}

function keepHash(cell: DistinctCell, hash: number): void {
  cell.hashes.add(hash);
  if (cell.hashes.size > EXACT_MAX) useRegisters(cell);
}

function useRegisters(cell: DistinctCell): Uint8Array {
  if (cell.registers !== null) return cell.registers;
  const registers = new Uint8Array(REGISTERS);
  for (const hash of cell.hashes) {
    if (addHash(registers, hash)) cell.filled += 1;
  }
  cell.hashes = new Set();
  cell.registers = registers;
  return registers;
}

function mergeCells(a: DistinctCell, b: DistinctCell): DistinctCell {
  const merged: DistinctCell = {
    hashes: new Set(a.hashes),
    registers: a.registers?.slice() ?? null,
    filled: a.filled,
  };
  for (const hash of b.hashes) {
    if (merged.registers === null) keepHash(merged, hash);
    else if (addHash(merged.registers, hash)) merged.filled += 1;
  }
  if (b.registers === null) return merged;
  const registers = useRegisters(merged);
  for (let i = 0; i < REGISTERS; i += 1) {
    const rank = b.registers[i] as number;
    const before = registers[i] as number;
    if (rank > before) registers[i] = rank;
    if (rank > 0 && before === 0) merged.filled += 1;
  }
  return merged;
}

function encodeHashes(hashes: ReadonlySet<number>): string {
  const sorted = [...hashes].sort((a, b) => a - b);
  return sorted.map((hash) => fixedText(hash, HASH_DIGITS)).join('');
}

function decodeHashes(text: string): DistinctCell {
  if (text.length % HASH_DIGITS !== 0 || text.length > EXACT_MAX * HASH_DIGITS) {
    throw malformed('distinct hashes', text);
  }
  const hashes = new Set<number>();
  for (let at = 0; at < text.length; at += HASH_DIGITS) hashes.add(fixedAt(text, at, HASH_DIGITS));
  return { hashes, registers: null, filled: 0 };
}

function decodeRegisters(text: string): DistinctCell {
  const registers = registersFromText(text);
  let filled = 0;
  for (const rank of registers) if (rank > 0) filled += 1;
  return { hashes: new Set(), registers, filled };
}

const QUOTES_BYTES = 5;

/** Encoded: the hashes as one text, or a list of one text, the registers. */
export const DISTINCT_CELL: CellKind<DistinctCell> = {
  create: () => ({ hashes: new Set(), registers: null, filled: 0 }),
  merge: mergeCells,
  encode: (cell) =>
    cell.registers === null ? encodeHashes(cell.hashes) : [registersText(cell.registers)],
  decode: (encoded) =>
    typeof encoded === 'string'
      ? decodeHashes(encoded)
      : decodeRegisters(textOf(listOf(encoded, 'distinct')[0], 'distinct registers')),
  bytes: (cell) =>
    QUOTES_BYTES +
    (cell.registers === null ? cell.hashes.size * HASH_DIGITS : registersBytesMax(cell.filled)),
  bytesMax: QUOTES_BYTES + REGISTERS,
};
