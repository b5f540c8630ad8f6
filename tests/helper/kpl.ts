import { createHash } from 'node:crypto';

/** Builds a record as the Kinesis Producer Library aggregates it, by its published format. */
export function kplAggregate(
  users: readonly { readonly partitionKey: string; readonly data: string }[],
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
          field(3, Buffer.from(data)),
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
