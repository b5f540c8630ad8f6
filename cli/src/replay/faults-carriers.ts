import { decodeKinesis, UserRecord } from '@millrace/adapters/kinesis/decode';
import type { StreamEntry, StreamWriter } from '@millrace/core/port';
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
  if (!records.some(isAggregated)) return NO_CARRIERS;
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

/** How the base64 of an aggregated record's magic number begins. */
const AGGREGATE_PREFIX = '84mawg';

function isAggregated({ data, partitionKey }: RecordedRecord): boolean {
  return data.startsWith(AGGREGATE_PREFIX) && Array.isArray(decodeKinesis(data, partitionKey));
}

/** Puts a tick behind the records of its key: where they are hashed to, not where the key would be. */
export function besideCarriers(writer: StreamWriter, { hashKeys }: Carriers): StreamWriter {
  return {
    put: (entries) =>
      writer.put(
        entries.map((entry) => {
          const explicitHashKey = hashKeys.get(keyInside(entry));
          return explicitHashKey === undefined ? entry : { ...entry, explicitHashKey };
        }),
      ),
  };
}

/** A tick may be inside an aggregate, as the records of its series are. */
function keyInside({ partitionKey, data }: StreamEntry): string {
  const decoded = decodeKinesis(Buffer.from(data).toString('base64'), partitionKey);
  const [first] = decoded instanceof UserRecord ? [decoded] : decoded;
  return first?.partitionKey ?? partitionKey;
}
