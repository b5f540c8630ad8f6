import { createHash } from 'node:crypto';

/** Bytes of a record as the Kinesis Producer Library aggregates it: magic, protobuf, MD5. */
export function aggregateRecord(users: readonly { key: string; text: string }[]): Uint8Array {
  const keys = users.map(({ key }) => field(1, Buffer.from(key)));
  const records = users.map(({ text }, index) =>
    field(3, Buffer.concat([Buffer.from([0x08, index]), field(3, Buffer.from(text))])),
  );
  const message = Buffer.concat([...keys, ...records]);
  const md5 = createHash('md5').update(message).digest();
  return Buffer.concat([Buffer.from([0xf3, 0x89, 0x9a, 0xc2]), message, md5]);
}

/** A length-delimited protobuf field of less than 128 bytes. */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}
