import { createHash } from 'node:crypto';

/**
 * Reads the Kinesis Producer Library's aggregation format: 4 magic bytes, a protobuf message, and the
 * MD5 of the message. Format: `aggregation-format.md` of awslabs/amazon-kinesis-producer. Fields used:
 * AggregatedRecord { 1: partition key table, 3: records }, Record { 1: partition key index, 3: data }.
 */
export interface AggregatedUserRecord {
  readonly partitionKey: string;
  readonly bytes: Uint8Array;
}

const MAGIC = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);
const DIGEST_BYTES = 16;
/** Kinesis takes 256 characters, of two units each at most; a longer one would not fit a state item. */
const PARTITION_KEY_UNITS_MAX = 512;

/** `null` when the bytes are not a whole aggregate: magic, digest and structure must all hold. */
export function readAggregate(bytes: Buffer): readonly AggregatedUserRecord[] | null {
  if (bytes.length < MAGIC.length + DIGEST_BYTES || !bytes.subarray(0, 4).equals(MAGIC))
    return null;
  const message = bytes.subarray(4, bytes.length - DIGEST_BYTES);
  const digest = createHash('md5').update(message).digest();
  if (!digest.equals(bytes.subarray(bytes.length - DIGEST_BYTES))) return null;
  try {
    return readMessage(message);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readMessage(message: Buffer): AggregatedUserRecord[] {
  const keys: string[] = [];
  const records: { keyIndex: number; bytes: Uint8Array }[] = [];
  eachField(message, (field, value) => {
    if (field === 1 && typeof value !== 'number') keys.push(value.toString('utf8'));
    if (field === 3 && typeof value !== 'number') records.push(readRecord(value));
  });
  return records.map(({ keyIndex, bytes }) => {
    const partitionKey = keys[keyIndex];
    if (partitionKey === undefined) throw new RangeError('partition key index out of range');
    if (partitionKey.length > PARTITION_KEY_UNITS_MAX)
      throw new RangeError('partition key too long');
    return { partitionKey, bytes };
  });
}

function readRecord(message: Buffer): { keyIndex: number; bytes: Uint8Array } {
  let keyIndex = 0;
  let bytes: Uint8Array = new Uint8Array();
  eachField(message, (field, value) => {
    if (field === 1 && typeof value === 'number') keyIndex = value;
    if (field === 3 && typeof value !== 'number') bytes = value;
  });
  return { keyIndex, bytes };
}

/** Protobuf wire format: varints and length-delimited fields; the format has no others. */
function eachField(message: Buffer, visit: (field: number, value: number | Buffer) => void): void {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) throw new RangeError('varint past the end');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('varint too long');
  };
  while (at < message.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) {
      visit(field, varint());
    } else if (wire === 2) {
      const end = varint() + at;
      if (end > message.length) throw new RangeError('field past the end');
      visit(field, message.subarray(at, end));
      at = end;
    } else {
      throw new RangeError(`wire type ${wire} is not used by this format`);
    }
  }
}
