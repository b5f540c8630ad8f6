import type { ObjectStore } from '@millrace/core/port';
import { grouped } from '../output';

/** Where Lambda puts what a mapping could not hand to the function; it fixes the prefix. */
export const UNDELIVERED_PREFIX = 'aws/lambda/';

/** Objects looked at; a stream in which more records are too large is no case for a list. */
const OBJECTS_MAX = 10_000;

/** Sequence numbers have 56; an id that a user typed may be anything. */
const DIGITS = /^\d{1,130}$/;

/** What one object of the on-failure destination says; its records are in the stream alone. */
export interface Undelivered {
  readonly key: string;
  readonly shard: string;
  readonly firstSequence: string;
  readonly lastSequence: string;
  readonly records: number;
  readonly condition: string;
  /** The function was never called for them: their event would have been above Lambda's 6 MB. */
  readonly isUninvoked: boolean;
}

/** What became of them, in words; null = there are none. */
export function undeliveredLine(undelivered: readonly Undelivered[]): string | null {
  if (undelivered.length === 0) return null;
  const records = undelivered.reduce((sum, each) => sum + each.records, 0);
  const [noun, their] = records === 1 ? ['record', 'its'] : ['records', 'their'];
  return `${grouped(records)} ${noun} never reached the function, or were given up: ${their} bytes are in the stream alone, until its retention is over; redrive cannot put them`;
}

/** `RecordTooLarge  SHARD/SEQUENCE  OBJECT`. */
export function placeLine(each: Undelivered): string {
  const { condition, shard, firstSequence, lastSequence, key } = each;
  const range =
    firstSequence === lastSequence ? firstSequence : `${firstSequence}..${lastSequence}`;
  return `${condition}  ${shard}/${range}  ${key}`;
}

/** Whether a record of a shard is among those that one object tells of. */
export function tellsOf(
  each: Undelivered,
  { shard, sequence }: { shard: string; sequence: string },
) {
  if (each.shard !== shard || !DIGITS.test(sequence)) return false;
  const range = [each.firstSequence, each.lastSequence];
  if (!range.every((end) => DIGITS.test(end))) return false;
  const [first = 0n, last = 0n] = range.map(BigInt);
  return first <= BigInt(sequence) && BigInt(sequence) <= last;
}

/** Everything under the prefix that is a record of a Kinesis batch, in the order of the keys. */
export async function readUndelivered(objects: ObjectStore): Promise<Undelivered[]> {
  const found: Undelivered[] = [];
  let after: string | undefined;
  let looked = 0;
  do {
    const page = await objects.list({
      prefix: UNDELIVERED_PREFIX,
      ...(after === undefined ? {} : { after }),
    });
    for (const key of page.keys) {
      if (looked++ >= OBJECTS_MAX) return found;
      const object = await objects.get(key);
      const read = object === undefined ? null : parse(key, object.bytes);
      if (read !== null) found.push(read);
    }
    after = page.next;
  } while (after !== undefined);
  return found;
}

/** `null` for what is no invocation record of a stream: the bucket is written by others too. */
function parse(key: string, bytes: Uint8Array): Undelivered | null {
  try {
    const { requestContext, KinesisBatchInfo: batch } = JSON.parse(
      new TextDecoder().decode(bytes),
    ) as InvocationRecord;
    if (batch === undefined) return null;
    return {
      key,
      shard: String(batch.shardId),
      firstSequence: String(batch.startSequenceNumber),
      lastSequence: String(batch.endSequenceNumber),
      records: Number(batch.batchSize),
      condition: String(requestContext?.condition ?? 'unknown'),
      isUninvoked: Number(requestContext?.approximateInvokeCount ?? 0) === 0,
    };
  } catch {
    return null;
  }
}

interface InvocationRecord {
  readonly requestContext?: {
    readonly condition?: unknown;
    readonly approximateInvokeCount?: unknown;
  };
  readonly KinesisBatchInfo?: {
    readonly shardId?: unknown;
    readonly startSequenceNumber?: unknown;
    readonly endSequenceNumber?: unknown;
    readonly batchSize?: unknown;
  };
}
