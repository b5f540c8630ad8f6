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

/** JSON around the records of an event. */
const FRAME_BYTES = '{"Records":[]}'.length;

/**
 * Whether no invocation could hold the record. Lambda sends such a one to the on-failure destination
 * without an invocation, and goes on behind it.
 * https://docs.aws.amazon.com/streams/latest/dev/large-records.html
 */
export function isOversize(record: LoadedRecord): boolean {
  return FRAME_BYTES + payloadBytes(record) > PAYLOAD_BYTES_MAX;
}

/** Takes from the queue what fits one invocation; a record that fits none is a batch by itself. */
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
    if (isOversize(next.record)) break;
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
