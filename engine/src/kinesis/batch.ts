import type { BatchOrigin } from '../observe';
import type { Queue } from '../queue';
import type { LoadedRecord } from '../stream/shard';

/** A record on its way to the function, with its position in the shard's log. */
export interface Delivery {
  readonly record: LoadedRecord;
  readonly position: number;
}

export interface Batch {
  readonly deliveries: readonly Delivery[];
  /** Failed invocations that count against MaximumRetryAttempts. */
  readonly failures: number;
  /** Invocations so far, those of the batches it was cut from included. */
  readonly invocations: number;
}

/** Lambda's limit for the event of a synchronous invocation. */
export const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024;
/** Measured: what a Kinesis record costs in the event before its data. */
const ENVELOPE_BYTES = 546;

export function payloadBytes(record: LoadedRecord): number {
  return ENVELOPE_BYTES + record.data.length;
}

/** Takes from the queue what fits one invocation; a record above the limit goes alone. */
export function takeBatch(queue: Queue<Delivery>, batchSize: number): Batch {
  const deliveries: Delivery[] = [];
  let bytes = 0;
  while (deliveries.length < batchSize) {
    const next = queue.peek();
    if (next === undefined) break;
    bytes += payloadBytes(next.record);
    if (deliveries.length > 0 && bytes > PAYLOAD_BYTES_MAX) break;
    queue.shift();
    deliveries.push(next);
  }
  return { deliveries, failures: 0, invocations: 0 };
}

export function describeBatch(batch: Batch, source: string, lane: number): BatchOrigin {
  const first = batch.deliveries[0]!.record;
  const last = batch.deliveries.at(-1)!.record;
  return {
    source,
    shard: first.shard,
    lane,
    batchSize: batch.deliveries.length,
    first: first.sequence,
    last: last.sequence,
  };
}
