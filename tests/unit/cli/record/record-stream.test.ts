import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReadRecord } from '@millrace/adapters/aws/kinesis-reader';
import { type RecordStreamOptions, recordStream } from '../../../../cli/src/record/record-stream';
import { type RecordingState, readState } from '../../../../cli/src/record/recording-state';
import { readRecording } from '../../../../cli/src/recording/read';
import type { RecordedRecord } from '../../../../cli/src/recording/record';
import { type ScriptedShard, scriptedStream } from './scripted-stream';

const T0 = Date.UTC(2026, 10, 24);
const HASH_MAX = (2n ** 128n - 1n).toString();
const ALL = ['0', HASH_MAX] as const;

let folder: string;
let out: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-record-'));
  out = join(folder, 'r.ndjson');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const record = (n: number, partitionKey = 'k'): ReadRecord => ({
  sequence: String(100 + n),
  partitionKey,
  arrivalMs: T0 + n * 1000,
  data: Buffer.from(`{"n":${n}.0,"user":"ann","t":[1,{"id":7}]}`),
});

const shard = (
  id: string,
  from: number,
  to: number,
  rest: Partial<ScriptedShard> = {},
): ScriptedShard => ({
  ...{ id, parent: null, adjacent: null, hash: ALL, closed: false },
  records: Array.from({ length: to - from }, (_, at) => record(from + at)),
  ...rest,
});

/** a splits into b and c, which merge into d; only a and b are known at the start. */
const RESHARDED: readonly ScriptedShard[] = [
  shard('d', 9, 12, { parent: 'b', adjacent: 'c', listed: false }),
  shard('b', 3, 6, { parent: 'a', closed: true }),
  shard('c', 6, 9, { parent: 'a', closed: true, listed: false }),
  shard('a', 0, 3, { closed: true }),
];

const newState = (changes: Partial<RecordingState> = {}): RecordingState => ({
  ...{ v: 1, arn: 'arn:aws:kinesis:local:1:stream/s', stream: 's', fromMs: null, settings: '' },
  ...{ redactKey: 'key', spoolBytes: 0, records: 0, skipped: 0, shards: [], progress: {} },
  ...changes,
});

async function recordIt(
  shards: readonly ScriptedShard[],
  changes: Partial<RecordStreamOptions> = {},
) {
  const { reader, calls } = scriptedStream(shards);
  const result = await recordStream({
    ...{ reader, out, state: newState(), toMs: T0 + 3_600_000, share: 1, redaction: null },
    // Beyond the end: what is there is all there will be.
    ...{ signal: new AbortController().signal, pollMs: 0, nowMs: () => T0 + 7_200_000 },
    ...changes,
  });
  const records: RecordedRecord[] = [];
  const summary = await readRecording(out, {}, (each) => {
    records.push(each);
  });
  const numbers = records.map(({ sequence }) => Number(sequence) - 100);
  const texts = records.map(({ data }) => Buffer.from(data, 'base64').toString());
  const { header, shards: listed, complete } = summary;
  return { result, calls, records, numbers, texts, header, shards: listed, complete };
}

test('children are read after all their parents, also those that come to be meanwhile', async () => {
  const { numbers, shards, calls } = await recordIt(RESHARDED);

  expect([...numbers].sort((a, b) => a - b)).toEqual([...Array(12).keys()]);
  expect(numbers.slice(0, 3)).toEqual([0, 1, 2]);
  expect(numbers.slice(9)).toEqual([9, 10, 11]);
  expect(calls.indexOf('d')).toBeGreaterThan(calls.lastIndexOf('b'));
  expect(calls.indexOf('d')).toBeGreaterThan(calls.lastIndexOf('c'));
  expect(shards.find(({ id }) => id === 'd')).toMatchObject({ parent: 'b', adjacent: 'c' });
});

test('the header names stream, origin and all shards, and no parent that is gone', async () => {
  const { header, shards } = await recordIt([shard('x', 0, 2, { parent: 'trimmed' })]);

  expect(header).toMatchObject({ stream: 's', origin: 'arn:aws:kinesis:local:1:stream/s' });
  expect(shards).toEqual([{ id: 'x', parent: null, adjacent: null, hash: [...ALL] }]);
});

test.each<[string, Partial<RecordStreamOptions>, number[]]>([
  ['all', {}, [0, 1, 2, 3, 4]],
  ['from the third second on', { state: newState({ fromMs: T0 + 2000 }) }, [2, 3, 4]],
  ['before the third second', { toMs: T0 + 2000 }, [0, 1]],
  ['nothing of before', { state: newState({ fromMs: T0 + 1000 }), toMs: T0 + 3000 }, [1, 2]],
])('arrivals: %s', async (_, changes, expected) => {
  expect((await recordIt([shard('x', 0, 5)], changes)).numbers).toEqual(expected);
});

test('the exact text of a JSON object stays', async () => {
  const { texts } = await recordIt([shard('x', 1, 2)]);

  expect(texts).toEqual(['{"n":1.0,"user":"ann","t":[1,{"id":7}]}']);
});

test('a signal ends the recording, and it is whole', async () => {
  const stop = new AbortController();
  const { complete, numbers } = await recordIt([shard('x', 0, 2)], {
    ...{ toMs: Number.POSITIVE_INFINITY, signal: stop.signal, pollMs: 5 },
    onProgress: () => stop.abort(),
  });

  expect({ complete, numbers }).toEqual({ complete: true, numbers: [0, 1] });
  expect(await readdir(folder)).toEqual(['r.ndjson']);
});

test.each([1, 2, 3, 4, 5, 6, 7])(
  'resumed after %s calls it holds the same records',
  async (calls) => {
    const { reader } = scriptedStream(RESHARDED);
    let reads = 0;
    const failing = {
      ...reader,
      read: (iterator: string) =>
        ++reads > calls ? Promise.reject(new Error('scripted')) : reader.read(iterator),
    };
    await expect(recordIt(RESHARDED, { reader: failing })).rejects.toThrow('scripted');

    const { numbers } = await recordIt(RESHARDED, {
      state: (await readState(out)) as RecordingState,
    });

    expect([...numbers].sort((a, b) => a - b)).toEqual([...Array(12).keys()]);
  },
);

test('an expired iterator is made again behind the last record', async () => {
  const { reader } = scriptedStream([shard('x', 0, 5)]);
  let reads = 0;
  const expiring = {
    ...reader,
    read: async (iterator: string) =>
      ++reads === 2 ? ('expired' as const) : reader.read(iterator),
  };

  expect((await recordIt([shard('x', 0, 5)], { reader: expiring })).numbers).toEqual([
    0, 1, 2, 3, 4,
  ]);
});

describe('--redact', () => {
  const paths = [['user'], ['t', '1', 'id'], ['n']];
  const redaction = { paths, partitionKey: false, key: 'secret' };

  test('only the values at the paths change, the same value to the same hash', async () => {
    const { texts } = await recordIt([shard('x', 0, 2)], { redaction });
    const [first, second] = texts.map((text) => JSON.parse(text));

    expect(texts[0]).toMatch(/^\{"n":\d+,"user":"[0-9a-f]{16}","t":\[1,\{"id":\d+\}\]\}$/);
    expect(first.user).toBe(second.user);
    expect(first.t).toEqual(second.t);
    expect(first.n).not.toBe(second.n);
    expect(texts.join()).not.toContain('ann');
  });

  test('another key gives another hash', async () => {
    const one = await recordIt([shard('x', 0, 1)], { redaction });
    await rm(out);
    const two = await recordIt([shard('x', 0, 1)], { redaction: { ...redaction, key: 'other' } });

    expect(one.texts).not.toEqual(two.texts);
  });

  test('a repeated member is redacted each time, and an escaped name is found', async () => {
    const data = Buffer.from('{"user":"ann", "u\\u0073er":"bob"}');
    const { texts } = await recordIt([shard('x', 0, 0, { records: [{ ...record(1), data }] })], {
      redaction,
    });

    expect(texts[0]).toMatch(/^\{"user":"[0-9a-f]{16}", "u\\u0073er":"[0-9a-f]{16}"\}$/);
  });

  test('what is no JSON object is left out and counted', async () => {
    const bytes = ['ann', '["ann"]', ''].map((text) => Buffer.from(text));
    const records = bytes.map((data, n) => ({ ...record(n), data }));
    const { numbers, result } = await recordIt([shard('x', 0, 0, { records })], { redaction });

    expect({ numbers, skipped: result.skipped }).toEqual({ numbers: [], skipped: 3 });
  });

  test('every entry and every field, where a step is *', async () => {
    const data = Buffer.from('{"users":[{"id":"ann"},{"id":"bob"}],"by":{"x":{"id":"ann"},"y":1}}');
    const paths = [
      ['users', '*', 'id'],
      ['by', '*', 'id'],
      ['by', '*', 'nothing'],
    ];
    const { texts, result } = await recordIt(
      [shard('x', 0, 0, { records: [{ ...record(1), data }] })],
      {
        redaction: { ...redaction, paths },
      },
    );

    expect(texts[0]).toMatch(
      /^\{"users":\[\{"id":"([0-9a-f]{16})"\},\{"id":"[0-9a-f]{16}"\}\],"by":\{"x":\{"id":"\1"\},"y":1\}\}$/,
    );
    expect(result.notFound).toEqual(['by.*.nothing']);
  });

  test('two long ids become two, as two numbers do', async () => {
    const records = ['9007199254740992', '9007199254740993', '9007199254740993.0'].map((n, at) => ({
      ...record(at),
      data: Buffer.from(`{"n":${n}}`),
    }));
    const { texts } = await recordIt([shard('x', 0, 0, { records })], { redaction });

    expect(new Set(texts).size).toBe(2);
  });

  test('the partition key too, when it is named', async () => {
    const records = [record(0, 'ann'), record(1, 'ann'), record(2, 'bob')];
    const { records: read } = await recordIt([shard('x', 0, 0, { records })], {
      redaction: { ...redaction, partitionKey: true },
    });
    const [a, b, c] = read.map(({ partitionKey }) => partitionKey);

    expect(a).toMatch(/^[0-9a-f]{16}$/);
    expect([a === b, a === c]).toEqual([true, false]);
  });
});

test('--sample-keys keeps whole keys, the same ones each time', async () => {
  const records = Array.from({ length: 1000 }, (_, n) => record(n, `key-${n % 200}`));
  const sampled = async () => {
    await rm(out, { force: true });
    return (await recordIt([shard('x', 0, 0, { records })], { share: 0.25 })).records;
  };
  const first = await sampled();
  const keys = new Set(first.map(({ partitionKey }) => partitionKey));

  expect(first).toHaveLength(keys.size * 5);
  expect(keys.size).toBeGreaterThan(30);
  expect(keys.size).toBeLessThan(70);
  expect(await sampled()).toEqual(first);
});

describe('records without a partition key', () => {
  const records = [record(0, ''), record(1, 'k'), record(2, '')];
  const low = shard('low', 0, 0, { hash: ['0', '9'], records });

  test('stay without one, in the shard that they are in', async () => {
    const { records: read } = await recordIt([low]);

    expect(read.map(({ partitionKey }) => partitionKey)).toEqual(['', 'k', '']);
    expect(read.map(({ explicitHashKey }) => explicitHashKey)).toEqual([undefined, '0', undefined]);
    expect((await readFile(out, 'utf8')).match(/"p":null/g)).toHaveLength(2);
  });

  test('have nothing to redact, and are no key that --sample-keys could keep or leave as a whole', async () => {
    const redaction = { paths: [], partitionKey: true, key: 'key' };
    const { records: read } = await recordIt([low], { redaction });
    expect(read[0]?.partitionKey).toBe('');

    await rm(out, { force: true });
    const many = Array.from({ length: 400 }, (_, n) => record(n, ''));
    const sampled = await recordIt([shard('x', 0, 0, { records: many })], { share: 0.25 });
    expect(sampled.records.length).toBeGreaterThan(60);
    expect(sampled.records.length).toBeLessThan(140);
  });
});

test('a record whose key belongs to another shard keeps its place by an explicit hash key', async () => {
  const low = shard('low', 0, 0, { hash: ['0', '9'], records: [record(0, 'k')] });

  expect((await recordIt([low])).records[0]?.explicitHashKey).toBe('0');
});
