import { isUtf8 } from 'node:buffer';
import { decodeTick, type Tick } from '@millrace/core/fold/tick';
import { parseJson } from '@millrace/core/json/parse-json';
import { PARTITION_KEY_CHARACTERS_MAX } from '@millrace/core/partition-key';
import type { JsonRecord } from '@millrace/core/pipeline/pipeline';
import type { BytesPlace, RecordSource } from '@millrace/core/quarantine/bytes';
import type { InvalidReason } from '@millrace/core/record/record';
import { AGGREGATE_RECORDS_MAX, type AggregatedUserRecord, readAggregate } from './aggregate';

export interface Refusal {
  readonly reason: InvalidReason;
  readonly detail: string;
}

/**
 * A stream record's exact bytes, and nothing that was decoded from them: what waits to be folded holds on to
 * this alone. Parsed records that outlive their decoding are copied by every collection of garbage: about
 * a tenth of the consumer's CPU in large batches.
 */
export class RecordBytes implements RecordSource {
  readonly partitionKey: string;
  readonly isAggregate: boolean;
  kept: Promise<BytesPlace> | null = null;
  readonly #data: string;
  readonly #encoding: 'base64' | 'utf8';

  constructor(
    data: string,
    partitionKey: string,
    { isBase64, isAggregate }: { readonly isBase64: boolean; readonly isAggregate: boolean },
  ) {
    this.partitionKey = partitionKey;
    this.isAggregate = isAggregate;
    this.#data = data;
    // Text that is not base64 is kept as it came.
    this.#encoding = isBase64 ? 'base64' : 'utf8';
  }

  bytes(): Uint8Array {
    return Buffer.from(this.#data, this.#encoding);
  }
}

const PLAIN = { isBase64: true, isAggregate: false };
const AGGREGATE = { isBase64: true, isAggregate: true };
const NOT_BASE64 = { isBase64: false, isAggregate: false };

/**
 * One user record: decoded, refused, or a tick of our own; exactly one of the three is not null.
 *
 * A class, and no closures anywhere on this path: `KeepNames` makes a bundle name every closure it
 * creates, which per record costs as much as the decoding.
 */
export class UserRecord {
  /** Index among the user records of its stream record. */
  readonly index: number;
  /** The user record's own partition key; it differs from the stream record's in an aggregate. */
  readonly partitionKey: string;
  readonly record: JsonRecord | null;
  readonly tick: Tick | null;
  readonly refused: Refusal | null;
  /** Of its stream record: that of all user records of an aggregate. */
  readonly source: RecordBytes;

  constructor(
    index: number,
    partitionKey: string,
    source: RecordBytes,
    content: JsonRecord | Tick | Refusal,
    kind: 'record' | 'tick' | 'refused',
  ) {
    this.index = index;
    this.partitionKey = partitionKey;
    this.record = kind === 'record' ? (content as JsonRecord) : null;
    this.tick = kind === 'tick' ? (content as Tick) : null;
    this.refused = kind === 'refused' ? (content as Refusal) : null;
    this.source = source;
  }
}

export const RECORD_BYTES_MAX = 1_048_576;

/**
 * One buffer for all decoding: half of a `Buffer.from` per record is its allocation. Nothing here is
 * asynchronous, so nobody else can be in the middle of it.
 */
const scratch = Buffer.allocUnsafeSlow(RECORD_BYTES_MAX + 3);

/** Decodes the `data` of a Kinesis event record: a user record, or all of an aggregate. */
export function decodeKinesis(
  data: string,
  partitionKey: string,
): UserRecord | readonly UserRecord[] {
  const padding = data.endsWith('=') ? (data.endsWith('==') ? 2 : 1) : 0;
  const expectedBytes = (data.length / 4) * 3 - padding;
  if (data.length % 4 !== 0) return refuseText(data, partitionKey);
  if (expectedBytes > RECORD_BYTES_MAX) return refuseHuge(data, partitionKey, expectedBytes);
  const length = scratch.write(data, 0, 'base64');
  // Node also takes the URL-safe alphabet and skips what it does not know; Kinesis knows neither.
  if (length !== expectedBytes || data.includes('-') || data.includes('_')) {
    return refuseText(data, partitionKey);
  }
  if (scratch[0] === 0xf3 && length > 4) {
    const aggregate = readAggregate(Buffer.from(scratch.subarray(0, length)));
    if (aggregate !== null && aggregate.users !== null) {
      const source = new RecordBytes(data, partitionKey, AGGREGATE);
      return aggregate.users.map((user, index) => decodeAggregated(user, index, source));
    }
    if (aggregate !== null) {
      const detail = `${aggregate.records} user records in one aggregate, at most ${AGGREGATE_RECORDS_MAX}`;
      const source = new RecordBytes(data, partitionKey, PLAIN);
      return refuse(0, partitionKey, source, 'size', detail);
    }
  }
  const source = new RecordBytes(data, partitionKey, PLAIN);
  return decodeText(scratch, length, 0, partitionKey, source);
}

function refuseText(data: string, partitionKey: string): UserRecord {
  const source = new RecordBytes(data, partitionKey, NOT_BASE64);
  return refuse(0, partitionKey, source, 'base64', 'not base64');
}

/** A huge text that is not base64 is still not base64. */
function refuseHuge(data: string, partitionKey: string, expectedBytes: number): UserRecord {
  if (Buffer.from(data, 'base64').length !== expectedBytes) {
    return refuseText(data, partitionKey);
  }
  const detail = `${expectedBytes} bytes of data, at most ${RECORD_BYTES_MAX}`;
  const source = new RecordBytes(data, partitionKey, PLAIN);
  return refuse(0, partitionKey, source, 'size', detail);
}

function decodeAggregated(
  user: AggregatedUserRecord,
  index: number,
  source: RecordBytes,
): UserRecord {
  if (!user.isPutable) {
    const detail = `a partition key has 1 to ${PARTITION_KEY_CHARACTERS_MAX} characters`;
    return refuse(index, user.partitionKey, source, 'key', detail);
  }
  const buffer = Buffer.from(user.bytes);
  return decodeText(buffer, buffer.length, index, user.partitionKey, source);
}

function decodeText(
  buffer: Buffer,
  length: number,
  index: number,
  partitionKey: string,
  source: RecordBytes,
): UserRecord {
  const text = buffer.toString('utf8', 0, length);
  if (text.includes('\uFFFD') && !isUtf8(buffer.subarray(0, length))) {
    return refuse(index, partitionKey, source, 'json', 'invalid UTF-8');
  }
  const first = text.charCodeAt(0);
  if (first === 0xfeff) {
    return refuse(index, partitionKey, source, 'json', 'starts with a byte order mark');
  }
  if (first === 0) {
    const tick = decodeTick(text);
    if (tick !== null) return new UserRecord(index, partitionKey, source, tick, 'tick');
  }
  let record: unknown;
  try {
    record = parseJson(text);
  } catch {
    const detail = length === 0 ? 'empty' : 'not JSON';
    return refuse(index, partitionKey, source, 'json', detail);
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    const detail = `a JSON object is expected, got ${describe(record)}`;
    return refuse(index, partitionKey, source, 'json', detail);
  }
  return new UserRecord(index, partitionKey, source, record as JsonRecord, 'record');
}

function refuse(
  index: number,
  partitionKey: string,
  source: RecordBytes,
  reason: InvalidReason,
  detail: string,
): UserRecord {
  return new UserRecord(index, partitionKey, source, { reason, detail }, 'refused');
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
