import { createHash } from 'node:crypto';

export const HASH_KEY_MAX = 2n ** 128n - 1n;

/** Where Kinesis places a partition key: its MD5 as a 128-bit number. */
export function hashKeyOf(partitionKey: string): bigint {
  return BigInt(`0x${createHash('md5').update(partitionKey, 'utf8').digest('hex')}`);
}

/** Cuts the hash space into `count` equal ranges, both ends included. */
export function evenHashRanges(count: number): [from: bigint, to: bigint][] {
  const size = (HASH_KEY_MAX + 1n) / BigInt(count);
  return Array.from({ length: count }, (_, index) => [
    size * BigInt(index),
    index === count - 1 ? HASH_KEY_MAX : size * BigInt(index + 1) - 1n,
  ]);
}
