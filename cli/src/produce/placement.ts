import type { RecordedShard } from '../recording/record';
import { equalShardIndex, hashKeyOf } from '../replay/hash-range';

/** Kinesis numbers of neighbouring shards lie about this far apart. */
const SHARD_DISTANCE = 22300745198530623141535718272648361505980416n;
/** 56 digits, as all present sequence numbers of Kinesis have. */
const FIRST_SEQUENCE = 49590338271490256608559692538361571095921575989136588898n;
/** Real numbers grow by irregular steps of about this size; nothing may rely on either. */
const SEQUENCE_STEP = 1208925819614629174706177n;

export interface Place {
  readonly shard: string;
  readonly sequence: string;
}

/**
 * Gives records the place Kinesis would: the shard whose range holds MD5(partition key), and the next
 * sequence number there. Call in order of arrival.
 * @param shards equal ones, as `equalShards` makes them
 */
export function createPlacement(shards: readonly RecordedShard[]): (partitionKey: string) => Place {
  const shardOfKey = new Map<string, number>();
  const next = shards.map((_, index) => FIRST_SEQUENCE + BigInt(index) * SHARD_DISTANCE);
  return (partitionKey) => {
    let index = shardOfKey.get(partitionKey);
    if (index === undefined) {
      index = equalShardIndex(hashKeyOf(partitionKey), shards.length);
      shardOfKey.set(partitionKey, index);
    }
    const sequence = next[index] as bigint;
    next[index] = sequence + SEQUENCE_STEP;
    return { shard: (shards[index] as RecordedShard).id, sequence: String(sequence) };
  };
}
