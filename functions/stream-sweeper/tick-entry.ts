import { createHash } from 'node:crypto';
import { KPL_CARRIER, writeAggregate } from '@millrace/adapters/kinesis/aggregate';
import { newestCarrier } from '@millrace/core/fold/codec';
import { isStateKey, parseStateKey } from '@millrace/core/fold/key';
import { encodeTick } from '@millrace/core/fold/tick';
import { UNKEYED, UNKEYED_PUT_KEY } from '@millrace/core/partition-key';
import type { Item, StreamEntry } from '@millrace/core/port';

/** Whether a state item says which series it is, and under which partition key a tick reaches it. */
export function isTickable(item: Item): boolean {
  if (!isStateKey(item)) return false;
  return parseStateKey(item).partitionKey !== null || typeof item.partitionKey === 'string';
}

/**
 * A tick of the series of a state item, to be put where the series' newest record came from: it must
 * queue behind what is still waiting there. For plain records that is their partition key. What came
 * inside an aggregate was read in the lane of the aggregate's key, its carrier, so the tick goes into an
 * aggregate of that carrier.
 */
export function tickEntry(item: Item): StreamEntry {
  const { metric, series, ...key } = parseStateKey(item);
  const partitionKey = key.partitionKey ?? String(item.partitionKey);
  if (partitionKey === UNKEYED) {
    const tick = encodeTick({ metric, series, unkeyed: true });
    return { partitionKey: UNKEYED_PUT_KEY, data: new TextEncoder().encode(tick) };
  }
  const data = new TextEncoder().encode(encodeTick({ metric, series }));
  const carrier = newestCarrier(item);
  if (carrier === null) return { partitionKey, data };
  const aggregate = writeAggregate([{ partitionKey, bytes: data }]);
  if (carrier !== KPL_CARRIER) return { partitionKey: carrier, data: aggregate };
  // The library gathers keys of one shard: where the key inside belongs, the aggregate goes.
  return { partitionKey: carrier, explicitHashKey: hashKeyOf(partitionKey), data: aggregate };
}

/** Where Kinesis places a partition key: its MD5 as a decimal number. */
function hashKeyOf(partitionKey: string): string {
  return BigInt(`0x${createHash('md5').update(partitionKey, 'utf8').digest('hex')}`).toString();
}
