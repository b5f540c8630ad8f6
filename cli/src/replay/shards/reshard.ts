import { hashKeyOf } from '@millrace/engine/stream/hash-key';
import type { RecordedRecord } from '../../recording/record';
import { equalShardIndex, equalShards } from '../hash-range';

/** Width of the index in a new sequence number: enough for any recording. */
const INDEX_DIGITS = 38;
/** Room between two neighbours, so that ticks can be numbered between them. */
const GAP = '0'.repeat(16);

/**
 * Lays a recording out over `count` equal shards, as if it had been written to such a stream: merged by
 * arrival, ties in line order, numbered anew with 56 digits.
 *
 * @param records in the order of the file
 */
export function reshard(records: readonly RecordedRecord[], count: number): RecordedRecord[] {
  const ids = equalShards(count).map((shard) => shard.id);
  const indexOf = shardIndexes(count);
  // Array.prototype.sort is stable: ties stay in line order.
  const merged = [...records].sort((a, b) => a.arrivalMs - b.arrivalMs);
  return merged.map((record, index) => ({
    ...record,
    shard: ids[indexOf(record)] as string,
    sequence: `49${String(index + 1).padStart(INDEX_DIGITS, '0')}${GAP}`,
  }));
}

/** Remembers each key's shard: MD5 for every record is the slowest part of resharding. */
function shardIndexes(count: number): (record: RecordedRecord) => number {
  const known = new Map<string, number>();
  return ({ partitionKey, explicitHashKey }) => {
    if (explicitHashKey !== undefined) return equalShardIndex(BigInt(explicitHashKey), count);
    let index = known.get(partitionKey);
    if (index === undefined) {
      index = equalShardIndex(hashKeyOf(partitionKey), count);
      known.set(partitionKey, index);
    }
    return index;
  };
}
