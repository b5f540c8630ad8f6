import { createHash } from 'node:crypto';

/**
 * Kinesis does not tell whether a record was put with an explicit hash key. It was when its partition
 * key belongs to another shard: any hash key of its own shard then takes it there again.
 */
export function explicitHashKeyOf(
  partitionKey: string,
  [first, last]: readonly [string, string],
): string | null {
  const hash = BigInt(`0x${createHash('md5').update(partitionKey).digest('hex')}`);
  return hash >= BigInt(first) && hash <= BigInt(last) ? null : first;
}
