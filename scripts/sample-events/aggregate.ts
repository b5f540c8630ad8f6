import { createHash } from 'node:crypto';

/**
 * Packs user records as the Kinesis Producer Library does: 4 magic bytes, a protobuf message, the MD5
 * of the message. The consumer's reader is adapters/src/kinesis/aggregate.ts.
 */
export function packAggregate(
  records: readonly { readonly partitionKey: string; readonly bytes: Uint8Array }[],
): Buffer {
  const keys = [...new Set(records.map((record) => record.partitionKey))];
  const message = Buffer.concat([
    ...keys.map((key) => bytesField(1, Buffer.from(key))),
    ...records.map(({ partitionKey, bytes }) =>
      bytesField(
        3,
        Buffer.concat([numberField(1, keys.indexOf(partitionKey)), bytesField(3, bytes)]),
      ),
    ),
  ]);
  const digest = createHash('md5').update(message).digest();
  return Buffer.concat([Buffer.from([0xf3, 0x89, 0x9a, 0xc2]), message, digest]);
}

function numberField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function bytesField(field: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

/** Seven bits a byte, lowest first; the high bit says that more follow. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Buffer.from([...bytes, rest]);
}
