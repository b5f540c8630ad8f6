import { evenHashRanges, HASH_KEY_MAX } from '@millrace/engine/stream/hash-key';

export { hashKeyOf } from '@millrace/engine/stream/hash-key';

import type { RecordedShard } from '../recording/record';

/** Shards of a new stream of `count`: equal ranges of hash keys, the last one takes the rest. */
export function equalShards(count: number): readonly RecordedShard[] {
  return evenHashRanges(count).map(([first, last], index) => ({
    id: `shardId-${String(index).padStart(12, '0')}`,
    parent: null,
    adjacent: null,
    hash: [String(first), String(last)],
  }));
}

/** Index of the shard among `count` equal ones that owns a hash key. */
export function equalShardIndex(hashKey: bigint, count: number): number {
  const index = Number(hashKey / ((HASH_KEY_MAX + 1n) / BigInt(count)));
  return Math.min(index, count - 1);
}
