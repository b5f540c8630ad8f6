import { isUtf8 } from 'node:buffer';
import { decodeTick, type Tick } from '@millrace/core/fold/tick';
import { parseJson } from '@millrace/core/json/parse-json';
import { PARTITION_KEY_CHARACTERS_MAX } from '@millrace/core/partition-key';
import type { JsonRecord } from '@millrace/core/pipeline/pipeline';
import type { InvalidReason } from '@millrace/core/record/record';
import { AGGREGATE_RECORDS_MAX, type AggregatedUserRecord, readAggregate } from './aggregate';

export interface Refusal {
  readonly reason: InvalidReason;
  readonly detail: string;
}

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

  constructor(
    index: number,
    partitionKey: string,
    content: JsonRecord | Tick | Refusal,
    kind: 'record' | 'tick' | 'refused',
  ) {
    this.index = index;
    this.partitionKey = partitionKey;
    this.record = kind === 'record' ? (content as JsonRecord) : null;
    this.tick = kind === 'tick' ? (content as Tick) : null;
    this.refused = kind === 'refused' ? (content as Refusal) : null;
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
  if (data.length % 4 !== 0) return refuseText(partitionKey);
  if (expectedBytes > RECORD_BYTES_MAX) return refuseHuge(data, partitionKey, expectedBytes);
  const length = scratch.write(data, 0, 'base64');
  // Node also takes the URL-safe alphabet and skips what it does not know; Kinesis knows neither.
  if (length !== expectedBytes || data.includes('-') || data.includes('_')) {
    return refuseText(partitionKey);
  }
  if (scratch[0] === 0xf3 && length > 4) {
    const aggregate = readAggregate(Buffer.from(scratch.subarray(0, length)));
    if (aggregate !== null && aggregate.users !== null) {
      return aggregate.users.map(decodeAggregated);
    }
    if (aggregate !== null) {
      const detail = `${aggregate.records} user records in one aggregate, at most ${AGGREGATE_RECORDS_MAX}`;
      return refuse(0, partitionKey, 'size', detail);
    }
  }
  return decodeText(scratch, length, 0, partitionKey);
}

function refuseText(partitionKey: string): UserRecord {
  return refuse(0, partitionKey, 'base64', 'not base64');
}

/** A huge text that is not base64 is still not base64. */
function refuseHuge(data: string, partitionKey: string, expectedBytes: number): UserRecord {
  if (Buffer.from(data, 'base64').length !== expectedBytes) {
    return refuseText(partitionKey);
  }
  const detail = `${expectedBytes} bytes of data, at most ${RECORD_BYTES_MAX}`;
  return refuse(0, partitionKey, 'size', detail);
}

function decodeAggregated(user: AggregatedUserRecord, index: number): UserRecord {
  if (!user.isPutable) {
    const detail = `a partition key has 1 to ${PARTITION_KEY_CHARACTERS_MAX} characters`;
    return refuse(index, user.partitionKey, 'key', detail);
  }
  const buffer = Buffer.from(user.bytes);
  return decodeText(buffer, buffer.length, index, user.partitionKey);
}

function decodeText(
  buffer: Buffer,
  length: number,
  index: number,
  partitionKey: string,
): UserRecord {
  const text = buffer.toString('utf8', 0, length);
  if (text.includes('\uFFFD') && !isUtf8(buffer.subarray(0, length))) {
    return refuse(index, partitionKey, 'json', 'invalid UTF-8');
  }
  const first = text.charCodeAt(0);
  if (first === 0xfeff) {
    return refuse(index, partitionKey, 'json', 'starts with a byte order mark');
  }
  if (first === 0) {
    const tick = decodeTick(text);
    if (tick !== null) return new UserRecord(index, partitionKey, tick, 'tick');
  }
  let record: unknown;
  try {
    record = parseJson(text);
  } catch {
    const detail = length === 0 ? 'empty' : 'not JSON';
    return refuse(index, partitionKey, 'json', detail);
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    const detail = `a JSON object is expected, got ${describe(record)}`;
    return refuse(index, partitionKey, 'json', detail);
  }
  return new UserRecord(index, partitionKey, record as JsonRecord, 'record');
}

function refuse(
  index: number,
  partitionKey: string,
  reason: InvalidReason,
  detail: string,
): UserRecord {
  return new UserRecord(index, partitionKey, { reason, detail }, 'refused');
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
