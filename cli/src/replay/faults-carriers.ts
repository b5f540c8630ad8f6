import { decodeKinesis, UserRecord } from '@millrace/adapters/kinesis/decode';
import type { StreamWriter } from '@millrace/core/port';
import { hashKeyOf } from '@millrace/engine/stream/hash-key';
import type { RecordedRecord } from '../recording/record';

/** Where aggregated records take the keys inside them. */
export interface Carriers {
  /** By partition key of a user record: the hash key of every stream record that brings it. */
  readonly hashKeys: ReadonlyMap<string, string>;
  /** A partition key that comes with several hash keys; null = there is none. */
  readonly mixed: string | null;
}

export const NO_CARRIERS: Carriers = { hashKeys: new Map(), mixed: null };

/**
 * An aggregate goes to the shard of its own hash key, whatever keys are inside. The Kinesis Producer
 * Library gathers only keys of one shard, so with it a key and its aggregates never part. Nothing else
 * says so: a producer that mixes keys lets a reshard put the records of one key into two shards.
 */
export function carriersOf(records: readonly RecordedRecord[]): Carriers {
  const hashKeys = new Map<string, string>();
  let mixed: string | null = null;
  for (const { data, partitionKey, explicitHashKey } of records) {
    const hashKey = explicitHashKey ?? String(hashKeyOf(partitionKey));
    const decoded = decodeKinesis(data, partitionKey);
    for (const user of decoded instanceof UserRecord ? [decoded] : decoded) {
      const known = hashKeys.get(user.partitionKey) ?? hashKey;
      hashKeys.set(user.partitionKey, known);
      if (known !== hashKey) mixed ??= user.partitionKey;
    }
  }
  return { hashKeys, mixed };
}

/** Puts a tick behind the records of its key: where they are hashed to, not where the key would be. */
export function besideCarriers(writer: StreamWriter, { hashKeys }: Carriers): StreamWriter {
  return {
    put: (entries) =>
      writer.put(
        entries.map((entry) => {
          const explicitHashKey = hashKeys.get(entry.partitionKey);
          return explicitHashKey === undefined ? entry : { ...entry, explicitHashKey };
        }),
      ),
  };
}
