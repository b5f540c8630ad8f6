import { createKinesisWriter } from '@millrace/adapters/aws/kinesis-writer';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { decodeKinesis, UserRecord } from '@millrace/adapters/kinesis/decode';
import { UnavailableError } from '@millrace/core/error';
import type { StreamEntry, StreamWriter } from '@millrace/core/port';
import { windowsOpen } from '@millrace/core/results/read';
import { hashKeyOf } from '@millrace/engine/stream/hash-key';
import { createStreamConsumer } from '../../../functions/stream-consumer/stream-consumer';
import { createStreamSweeper } from '../../../functions/stream-sweeper/stream-sweeper';
import { kinesisEvent } from '../../helper/event-source';
import { kplAggregate } from '../../helper/kpl';
import { onePipeline } from '../../helper/metric';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const CONTEXT = { getRemainingTimeInMillis: () => MINUTE_MS };

/** The consumer and the sweeper over one table, and a stream that takes what Kinesis takes. */
function createStage() {
  const map = createMemoryMap();
  const table = (name: string, indexes = {}) => createKeyValueStore({ map, table: name, indexes });
  const state = table('state', { due: { partitionKey: 'dueBucket', sortKey: 'due' } });
  const warnings: unknown[][] = [];
  const log = {
    info: () => undefined,
    warn: (...line: unknown[]) => void warnings.push(line),
    error: (text: string) => {
      throw new Error(text);
    },
  };
  const consumer = createStreamConsumer({
    ...{ pipeline: onePipeline(), transforms: new Map(), log, state },
    ...{ results: table('results'), control: table('control'), quarantine: createObjectMemory() },
    ...{ stateTtlMs: 7 * 86_400_000, retentionMs: 86_400_000 },
  });
  const put: StreamEntry[] = [];
  const send = async ({ input }: { input: { Records: { PartitionKey: string }[] } }) => ({
    Records: input.Records.map((_, at) => ({ SequenceNumber: String(at), ShardId: 's' })),
  });
  const checking = createKinesisWriter({ client: { send } as never, stream: 'Stream' });
  const stream: StreamWriter = {
    put: async (entries) => {
      await checking.put(entries);
      put.push(...entries);
    },
  };
  let nowMs = START_MS;
  let sequence = 1_000;
  const clock = { nowMs: () => nowMs, sleep: async () => undefined };
  return {
    ...{ state, put, stream, clock, warnings },
    pass: (ms: number) => {
      nowMs += ms;
    },
    sweep: (writer: StreamWriter = stream) =>
      createStreamSweeper({ state, stream: writer, clock, log })({}, CONTEXT),
    consume: async (records: readonly { partitionKey: string; bytes: Buffer }[]) => {
      const at = records.map((each) => ({
        ...each,
        ...{ shard: 's0', sequence: String(++sequence), arrivalMs: nowMs },
      }));
      expect(await consumer(kinesisEvent(at), CONTEXT)).toEqual({ batchItemFailures: [] });
    },
  };
}

const bytesOf = (s: string) => Buffer.from(JSON.stringify({ s, t: START_MS, v: 1 }));
const plain = (key: string, s = key) => ({ partitionKey: key, bytes: bytesOf(s) });
const aggregate = (carrier: string, keys: readonly string[]) => ({
  partitionKey: carrier,
  bytes: kplAggregate(keys.map((key) => ({ partitionKey: key, data: bytesOf(key) }))),
});

/** What a tick says when it is delivered: under which key, in whose lane. */
function ticksIn(put: readonly StreamEntry[]) {
  return put.map(({ partitionKey, explicitHashKey, data }) => {
    const decoded = decodeKinesis(Buffer.from(data).toString('base64'), partitionKey);
    const [user] = decoded instanceof UserRecord ? [decoded] : decoded;
    const lane = decoded instanceof UserRecord ? null : partitionKey;
    return { lane, explicitHashKey, key: user?.partitionKey, series: user?.tick?.series };
  });
}

describe('a tick is put where the newest record of its series came from', () => {
  test.each([
    ['under its own key', [plain('p')], { lane: null }],
    ['in an aggregate of its own key', [aggregate('p', ['p', 'q'])], { lane: null }],
    [
      'in an aggregate of the KPL: in its shard, whose lane is that of "a"',
      [plain('p'), aggregate('a', ['p', 'q'])],
      { lane: 'a', explicitHashKey: String(hashKeyOf('p')) },
    ],
    [
      'in an aggregate named like another key',
      [plain('p'), aggregate('q#%', ['q#%', 'p'])],
      { lane: 'q#%', explicitHashKey: undefined },
    ],
    ['plain again', [aggregate('a', ['p']), plain('p')], { lane: null }],
  ])('%s', async (_, records, expected) => {
    const { consume, sweep, pass, put } = createStage();
    for (const record of records) {
      await consume([record]);
      pass(1);
    }
    pass(10 * MINUTE_MS);
    await sweep();

    const [tick] = ticksIn(put).filter(({ series }) => series === 'p');
    expect(tick).toEqual({ explicitHashKey: undefined, ...expected, key: 'p', series: 'p' });
  });

  test('under a fixed key, marked, when it had none', async () => {
    const { consume, sweep, pass, put, state } = createStage();
    await consume([plain(''), plain('', 'q'), aggregate('', ['p'])]);
    pass(10 * MINUTE_MS);

    expect(await sweep()).toMatchObject({ ticks: 3, refused: 0 });
    expect(put.map(({ partitionKey }) => partitionKey).sort()).toEqual([
      'millrace',
      'millrace',
      'p',
    ]);
    await consume(
      put.map(({ partitionKey, data }) => ({ partitionKey, bytes: Buffer.from(data) })),
    );
    expect(await windowsOpen(state)).toBe(0);
  });

  test('and closes its windows there', async () => {
    const { consume, sweep, pass, put, state } = createStage();
    await consume([plain('p'), aggregate('a', ['p', 'q'])]);
    pass(10 * MINUTE_MS);
    await sweep();
    await consume(
      put.map(({ partitionKey, data }) => ({ partitionKey, bytes: Buffer.from(data) })),
    );

    expect(await windowsOpen(state)).toBe(0);
  });
});

describe('series whose key no stream takes', () => {
  test('one of 300 characters: all others get their ticks, and it is said once', async () => {
    const key = 'k'.repeat(300);
    const { consume, sweep, pass, put, warnings } = createStage();
    const honest = Array.from({ length: 160 }, (_, at) => plain(`h${at}`));
    // States from before such keys were refused: enough for every bucket to have some.
    const hostile = Array.from({ length: 100 }, (_, at) => plain(key, `e${at}`));
    await consume([...hostile, ...honest]);
    pass(10 * MINUTE_MS);

    expect(await sweep()).toMatchObject({ ticks: 160, refused: 100 });
    expect(new Set(ticksIn(put).map(({ series }) => series)).size).toBe(160);
    expect(warnings).toEqual([[expect.stringContaining('takes no tick'), { refused: 100 }]]);
    // Their entries moved on, or they would be in the way of others every minute.
    expect(await sweep()).toMatchObject({ ticks: 0, refused: 0 });
  });

  test('inside an aggregate it is refused and leaves no state', async () => {
    const { consume, sweep, pass, put } = createStage();
    await consume([aggregate('a', ['', 'k'.repeat(300), 'p'])]);
    pass(10 * MINUTE_MS);

    expect(await sweep()).toMatchObject({ ticks: 1, refused: 0 });
    expect(ticksIn(put)).toMatchObject([{ series: 'p' }]);
  });
});

test('a stream that does not answer is no reason to skip a series', async () => {
  const { consume, sweep, pass, put } = createStage();
  await consume([plain('p')]);
  pass(10 * MINUTE_MS);
  const away: StreamWriter = {
    put: async () => {
      throw new UnavailableError('throttled');
    },
  };

  await expect(sweep(away)).rejects.toThrow(UnavailableError);
  expect(await sweep()).toMatchObject({ ticks: 1, refused: 0 });
  expect(put).toHaveLength(1);
});
