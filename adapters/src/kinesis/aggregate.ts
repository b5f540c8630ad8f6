import { createHash } from 'node:crypto';
import { isPartitionKey, PARTITION_KEY_CHARACTERS_MAX } from '@millrace/core/partition-key';

/**
 * Reads the Kinesis Producer Library's aggregation format: 4 magic bytes, a protobuf message, and the
 * MD5 of the message. Format: `aggregation-format.md` of awslabs/amazon-kinesis-producer. Fields used:
 * AggregatedRecord { 1: partition key table, 3: records }, Record { 1: partition key index, 3: data }.
 */
export interface AggregatedUserRecord {
  readonly partitionKey: string;
  readonly bytes: Uint8Array;
  /** False when Kinesis takes nothing under its partition key, of which the beginning is given. */
  readonly isPutable: boolean;
}

const MAGIC = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);
const DIGEST_BYTES = 16;
/** User records of one aggregate; an aggregate of more is refused whole, before anything is made of it. */
export const AGGREGATE_RECORDS_MAX = 10_000;
/** No legal partition key has more bytes: UTF-8 takes four for a character at the most. */
const KEY_BYTES_MAX = 4 * PARTITION_KEY_CHARACTERS_MAX;
/** Of a key that is too long, for a person who looks for its producer. */
const SHOWN_CHARACTERS_MAX = 64;

export interface Aggregate {
  /** How many user records it says it has. */
  readonly records: number;
  /** Null when they are more than `AGGREGATE_RECORDS_MAX`. */
  readonly users: readonly AggregatedUserRecord[] | null;
}

/** `null` when the bytes are not a whole aggregate: magic, digest and structure must all hold. */
export function readAggregate(bytes: Buffer): Aggregate | null {
  if (bytes.length < MAGIC.length + DIGEST_BYTES || !bytes.subarray(0, 4).equals(MAGIC))
    return null;
  const message = bytes.subarray(4, bytes.length - DIGEST_BYTES);
  const digest = createHash('md5').update(message).digest();
  if (!digest.equals(bytes.subarray(bytes.length - DIGEST_BYTES))) return null;
  try {
    const records = countRecords(message);
    return { records, users: records > AGGREGATE_RECORDS_MAX ? null : readMessage(message) };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The user records of an aggregate, from wherever its bytes were kept; null = they are no aggregate. */
export function userRecordsOf(bytes: Uint8Array): readonly AggregatedUserRecord[] | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return readAggregate(buffer)?.users ?? null;
}

/** The library's own name for every aggregate; it chooses the shard by an explicit hash key instead. */
export const KPL_CARRIER = 'a';

/** Packs user records as the library does. */
export function writeAggregate(
  users: readonly Omit<AggregatedUserRecord, 'isPutable'>[],
): Uint8Array {
  const keys = [...new Set(users.map(({ partitionKey }) => partitionKey))];
  const message = Buffer.concat([
    ...keys.map((key) => field(1, Buffer.from(key))),
    ...users.map(({ partitionKey, bytes }) => {
      const keyIndex = Buffer.from([0x08, ...varint(keys.indexOf(partitionKey))]);
      return field(3, Buffer.concat([keyIndex, field(3, bytes)]));
    }),
  ]);
  return Buffer.concat([MAGIC, message, createHash('md5').update(message).digest()]);
}

function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

/** A megabyte holds half a million empty records: counting them makes no objects. */
function countRecords(message: Buffer): number {
  let records = 0;
  eachField(message, 0, message.length, (field, _, end) => {
    if (field === 3 && end !== null) records++;
  });
  return records;
}

function readMessage(message: Buffer): AggregatedUserRecord[] {
  const keySpans: number[] = [];
  const records: { keyIndex: number; bytes: Uint8Array }[] = [];
  eachField(message, 0, message.length, (field, value, end) => {
    if (field === 1 && end !== null) keySpans.push(value, end);
    if (field === 3 && end !== null) records.push(readRecord(message, value, end));
  });
  const keys = new Map<number, Pick<AggregatedUserRecord, 'partitionKey' | 'isPutable'>>();
  return records.map(({ keyIndex, bytes }) => {
    let key = keys.get(keyIndex);
    if (key === undefined) {
      const [from, to] = [keySpans[2 * keyIndex], keySpans[2 * keyIndex + 1]];
      if (from === undefined || to === undefined) throw new RangeError('key index out of range');
      key = readKey(message, from, to);
      keys.set(keyIndex, key);
    }
    return { ...key, bytes };
  });
}

function readKey(message: Buffer, from: number, to: number) {
  const partitionKey = message.toString('utf8', from, Math.min(to, from + KEY_BYTES_MAX));
  const isPutable = to - from <= KEY_BYTES_MAX && isPartitionKey(partitionKey);
  // A key that nothing can be put under is only shown.
  return {
    partitionKey: isPutable
      ? partitionKey
      : [...partitionKey].slice(0, SHOWN_CHARACTERS_MAX).join(''),
    isPutable,
  };
}

function readRecord(message: Buffer, from: number, to: number) {
  let keyIndex = 0;
  let bytes: Uint8Array = new Uint8Array();
  eachField(message, from, to, (field, value, end) => {
    if (field === 1 && end === null) keyIndex = value;
    if (field === 3 && end !== null) bytes = message.subarray(value, end);
  });
  return { keyIndex, bytes };
}

/**
 * Protobuf wire format: varints and length-delimited fields; the format has no others. Visits a varint's
 * value with `end` null, or where a field's bytes begin and end.
 */
function eachField(
  message: Buffer,
  from: number,
  to: number,
  visit: (field: number, value: number, end: number | null) => void,
): void {
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      if (at >= to) throw new RangeError('varint past the end');
      const byte = message[at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('varint too long');
  };
  while (at < to) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) {
      visit(field, varint(), null);
    } else if (wire === 2) {
      const length = varint();
      const end = at + length;
      if (end > to) throw new RangeError('field past the end');
      visit(field, at, end);
      at = end;
    } else {
      throw new RangeError(`wire type ${wire} is not used by this format`);
    }
  }
}
