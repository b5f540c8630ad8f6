import { createHash } from 'node:crypto';

/** Builds a record as the Kinesis Producer Library aggregates it, by its published format. */
export function kplAggregate(
  users: readonly { readonly partitionKey: string; readonly data: string | Uint8Array }[],
): Buffer {
  const keys = [...new Set(users.map(({ partitionKey }) => partitionKey))];
  const message = Buffer.concat([
    ...keys.map((key) => field(1, Buffer.from(key))),
    ...users.map(({ partitionKey, data }) =>
      field(
        3,
        Buffer.concat([
          Buffer.from([0x08]),
          varint(keys.indexOf(partitionKey)),
          field(3, Buffer.from(data as Uint8Array)),
        ]),
      ),
    ),
  ]);
  const digest = createHash('md5').update(message).digest();
  return Buffer.concat([Buffer.from([0xf3, 0x89, 0x9a, 0xc2]), message, digest]);
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
}

/**
 * Reads what `kplAggregate` writes, for the reference: null = no whole aggregate, so a record like any
 * other. It shares no code with the product, on purpose.
 */
export function readKpl(bytes: Buffer): { partitionKey: string; bytes: Buffer }[] | null {
  const message = bytes.subarray(4, -16);
  const isWhole =
    bytes.length >= 20 &&
    bytes.readUInt32BE(0) === 0xf3899ac2 &&
    createHash('md5').update(message).digest().equals(bytes.subarray(-16));
  if (!isWhole) return null;
  const keys: string[] = [];
  const users: { partitionKey: string; bytes: Buffer }[] = [];
  for (const [number, value] of fieldsOf(message)) {
    if (number === 1) keys.push(value.toString('utf8'));
    // A user record: one byte of tag, its key's index in one byte here, then its data.
    else users.push({ partitionKey: keys[value[1]!]!, bytes: fieldsOf(value.subarray(2))[0]![1] });
  }
  return users;
}

function fieldsOf(message: Buffer): [number: number, value: Buffer][] {
  const fields: [number, Buffer][] = [];
  for (let at = 0; at < message.length; ) {
    const number = message[at++]! >> 3;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++]!;
      length += (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    fields.push([number, message.subarray(at, at + length)]);
    at += length;
  }
  return fields;
}
