import { createHash } from 'node:crypto';
import { readAggregate, userRecordsOf, writeAggregate } from '@millrace/adapters/kinesis/aggregate';
import { decodeKinesis, RECORD_BYTES_MAX, UserRecord } from '@millrace/adapters/kinesis/decode';
import { RecordBytes, readingOf } from '@millrace/adapters/kinesis/record-bytes';
import { encodeTick } from '@millrace/core/fold/tick';
import fc from 'fast-check';
import { kplAggregate } from '../../helper/kpl';

function base64(bytes: string | Buffer): string {
  return Buffer.from(bytes).toString('base64');
}

const emptyRecords = (count: number) => Buffer.alloc(2 * count, Buffer.from([0x1a, 0x00]));

function decodeOne(data: string): UserRecord {
  const decoded = decodeKinesis(data, 'key');
  if (!(decoded instanceof UserRecord)) throw new Error('expected one user record');
  return decoded;
}

/** What the quarantine would keep of a stream record. */
function sourceOf(data: string, decoded = decodeKinesis(data, 'a')): RecordBytes {
  return new RecordBytes(data, 'a', readingOf(decoded));
}

test.each([
  { name: 'an object', data: base64('{"a":1}'), record: { a: 1 } },
  {
    name: 'an object with a replacement character',
    data: base64('{"a":"\uFFFD"}'),
    record: { a: '\uFFFD' },
  },
  { name: 'an object behind white space', data: base64('  {"a":1}\n'), record: { a: 1 } },
])('$name is a record', ({ data, record }) => {
  const user = decodeOne(data);
  expect(user.record).toEqual(record);
  expect(user.refused).toBeNull();
});

const ZEROS = Buffer.alloc(RECORD_BYTES_MAX + 1);

test.each([
  { name: 'no base64', data: '!!!!', reason: 'base64' },
  { name: 'base64 cut short', data: 'eyJhIjo', reason: 'base64' },
  { name: 'the URL-safe alphabet', data: '-_-_', reason: 'base64' },
  { name: 'white space inside', data: 'eyJh IjoxfQ=', reason: 'base64' },
  { name: 'one byte too many', data: base64(ZEROS), reason: 'size' },
  { name: 'huge and no base64', data: `${base64(ZEROS).slice(0, -4)}!!!!`, reason: 'base64' },
  { name: 'nothing at all', data: '', reason: 'json' },
  { name: 'a byte order mark', data: base64('\uFEFF{"a":1}'), reason: 'json' },
  { name: 'invalid UTF-8', data: base64(Buffer.from([0x7b, 0xff, 0x7d])), reason: 'json' },
  { name: 'an array', data: base64('[1]'), reason: 'json' },
  { name: 'null', data: base64('null'), reason: 'json' },
  { name: 'a number', data: base64('1'), reason: 'json' },
  { name: 'JSON cut in the middle', data: base64('{"a":'), reason: 'json' },
  { name: 'two objects', data: base64('{}{}'), reason: 'json' },
  {
    name: 'a tick with a broken body',
    data: base64('\u0000millrace:tick:nonsense'),
    reason: 'json',
  },
])('$name is refused as $reason', ({ data, reason }) => {
  expect(decodeOne(data).refused?.reason).toBe(reason);
});

test('a record of exactly the largest size is not refused for its size', () => {
  const text = `{"a":"${'x'.repeat(RECORD_BYTES_MAX - 8)}"}`;
  expect(Buffer.byteLength(text)).toBe(RECORD_BYTES_MAX);
  expect(decodeOne(base64(text)).record).not.toBeNull();
});

test('a tick is no record', () => {
  const tick = { metric: 'm', series: 's#|' };
  expect(decodeOne(base64(encodeTick(tick)))).toMatchObject({ tick, record: null, refused: null });
});

test.each([
  { name: 'a series that is too long for a key', metric: 'm', series: 'x'.repeat(513) },
  { name: 'a metric that is too long for a key', metric: 'x'.repeat(257), series: 's' },
  {
    name: 'half of a surrogate pair, which UTF-8 turns into another name',
    metric: 'm',
    series: '\ud800',
  },
])('a forged tick with $name is refused', ({ metric, series }) => {
  const decoded = decodeOne(base64(encodeTick({ metric, series })));
  expect(decoded).toMatchObject({ tick: null, refused: { reason: 'json' } });
});

test('whatever the bytes, they are given back exactly', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const decoded = decodeKinesis(base64(Buffer.from(bytes)), 'key');
      expect(decoded).toBeInstanceOf(UserRecord);
      const source = sourceOf(base64(Buffer.from(bytes)), decoded);
      expect(Buffer.from(source.bytes())).toEqual(Buffer.from(bytes));
    }),
  );
});

test('text that is not base64 is given back as it came', () => {
  const text = 'not base64, with an umlaut: ü';
  expect(Buffer.from(sourceOf(text).bytes()).toString('utf8')).toBe(text);
});

describe('records aggregated by the Kinesis Producer Library', () => {
  test.each<[string, string, string | null]>([
    ['no character', '', ''],
    ['one', 'k', null],
    ['256', 'k'.repeat(256), null],
    ['256 that take two units and four bytes each', '😀'.repeat(256), null],
    ['257', 'k'.repeat(257), 'k'.repeat(64)],
    ['257 of two units', '😀'.repeat(257), '😀'.repeat(64)],
    ['a million', 'k'.repeat(1_000_000), 'k'.repeat(64)],
  ])('a partition key inside of %s', (_, partitionKey, refusedAs) => {
    const users = [
      { partitionKey, data: '{"v":1}' },
      { partitionKey: 'good', data: '{"v":2}' },
    ];
    const decoded = decodeKinesis(base64(kplAggregate(users)), 'a') as readonly UserRecord[];

    const [first, second] = decoded;
    if (refusedAs === null) expect(first).toMatchObject({ partitionKey, record: { v: 1 } });
    else expect(first).toMatchObject({ partitionKey: refusedAs, refused: { reason: 'key' } });
    const [inside] = userRecordsOf(sourceOf(base64(kplAggregate(users))).bytes()) ?? [];
    expect(Buffer.from(inside!.bytes).toString()).toBe('{"v":1}');
    expect(second).toMatchObject({ index: 1, record: { v: 2 }, refused: null });
  });

  test.each([
    [10_000, 10_000, null],
    [10_001, 1, 'size'],
    [262_000, 1, 'size'],
  ])('%d user records are %d records, refused: %s', (records, decodedAs, reason) => {
    // An empty Record message: the first key, no data.
    const message = Buffer.concat([Buffer.from([0x0a, 1, 0x6b]), emptyRecords(records)]);
    const digest = createHash('md5').update(message).digest();
    const bytes = Buffer.concat([Buffer.from([0xf3, 0x89, 0x9a, 0xc2]), message, digest]);
    const heapBytes = process.memoryUsage().heapUsed;
    const decoded = decodeKinesis(base64(bytes), 'p');
    const tookBytes = process.memoryUsage().heapUsed - heapBytes;
    const users = decoded instanceof UserRecord ? [decoded] : decoded;

    expect(users).toHaveLength(decodedAs);
    if (reason !== null) {
      expect(users[0]!.refused).toEqual({
        reason,
        detail: `${records} user records in one aggregate, at most 10000`,
      });
      expect(bytes.equals(sourceOf(base64(bytes)).bytes())).toBe(true);
    }
    expect(tookBytes).toBeLessThan(50_000_000);
  });

  test('what is written as the library does is read again', () => {
    const users = Array.from({ length: 300 }, (_, at) => ({
      partitionKey: `k${at % 200}`,
      bytes: Buffer.alloc(at, at),
    }));
    const read = readAggregate(Buffer.from(writeAggregate(users)));

    expect(read?.users?.map(({ partitionKey, bytes }) => ({ partitionKey, bytes }))).toEqual(users);
  });

  const users = [
    { partitionKey: 'a', data: '{"v":1}' },
    { partitionKey: 'b', data: 'no json' },
    { partitionKey: 'a', data: '{"v":3}' },
  ];

  test('are taken apart: own partition keys, own index, the bytes of all of them', () => {
    const whole = kplAggregate(users);
    const decoded = decodeKinesis(base64(whole), 'a') as readonly UserRecord[];
    expect(decoded.map(({ index, partitionKey }) => [index, partitionKey])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'a'],
    ]);
    expect(decoded.map(({ record }) => record)).toEqual([{ v: 1 }, null, { v: 3 }]);
    expect(sourceOf(base64(whole))).toMatchObject({ partitionKey: 'a', isAggregate: true });
    expect(sourceOf(base64(whole)).bytes()).toEqual(whole);
  });

  test('with a wrong digest, or cut anywhere, are one record that is not JSON', () => {
    const whole = kplAggregate(users);
    const flipped = Buffer.from(whole);
    flipped.writeUInt8(flipped.readUInt8(10) ^ 1, 10);
    const cuts = Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length));
    for (const bytes of [flipped, ...cuts]) {
      expect(decodeOne(base64(bytes)).refused?.reason).toBe('json');
    }
  });
});
