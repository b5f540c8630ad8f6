import { createKinesisWriter } from '@millrace/adapters/aws/kinesis-writer';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { BugError } from '@millrace/core/error';
import type { KeyValueStore, Log, StreamEntry, StreamWriter } from '@millrace/core/port';
import { readAccounting } from '@millrace/core/results/read';
import { type RedriveOptions, redrive } from '../../../cli/src/redrive/redrive';
import { createStreamConsumer } from '../../../functions/stream-consumer/stream-consumer';
import { kinesisEvent } from '../../helper/event-source';
import { kplAggregate } from '../../helper/kpl';
import { onePipeline } from '../../helper/metric';

const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

const BEFORE = onePipeline();
/** Texts are numbers now: what was refused for its value would be applied. */
const FIXED = onePipeline({ coerce: true });

function createStage() {
  const indexes = { due: { partitionKey: 'dueBucket', sortKey: 'due' } };
  const table = (name: string, options = {}): KeyValueStore =>
    createKeyValueStore({ map: createMemoryMap(), table: name, ...options });
  const stores = {
    state: table('state', { indexes }),
    results: table('results'),
    control: table('control'),
    quarantine: createObjectMemory(),
  };
  let nowMs = START_MS + 1_000;
  let sequence = 100;
  const clock = { nowMs: () => nowMs, sleep: async () => {} };
  const stream: StreamEntry[] = [];
  const writer: StreamWriter = {
    put: async (entries) => {
      stream.push(...entries);
    },
  };

  async function consume(
    records: readonly { key: string; data: string | Uint8Array }[],
    pipeline = BEFORE,
  ) {
    const consumer = createStreamConsumer({
      ...{ ...stores, pipeline, transforms: new Map(), log: SILENT },
      ...{ stateTtlMs: 7 * DAY_MS, retentionMs: DAY_MS },
    });
    const batch = records.map(({ key, data }) => ({
      shard: 's0',
      sequence: String(++sequence),
      partitionKey: key,
      arrivalMs: nowMs,
      bytes: Buffer.from(data),
    }));
    const context = { getRemainingTimeInMillis: () => 60_000 };
    expect(await consumer(kinesisEvent(batch), context)).toEqual({ batchItemFailures: [] });
  }

  const run = (change: Partial<RedriveOptions> = {}) =>
    redrive({
      control: stores.control,
      objects: stores.quarantine,
      writer,
      toStream: 'events',
      filter: {},
      judge: { pipeline: FIXED, transforms: new Map(), state: stores.state },
      all: false,
      clock,
      run: `run at ${nowMs}`,
      ...change,
    });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { stores, stream, writer, consume, run, pass };
}

/** As Kinesis is: one bad entry fails the whole request. */
function checkingWriter(stream: StreamEntry[]): StreamWriter {
  const send = async ({ input }: { input: { Records: unknown[] } }) => ({
    Records: input.Records.map((_, at) => ({ SequenceNumber: String(at), ShardId: 's' })),
  });
  const writer = createKinesisWriter({ client: { send } as never, stream: 'events' });
  return {
    put: async (entries) => {
      await writer.put(entries);
      stream.push(...entries);
    },
  };
}

const reading = (s: string, v: unknown, t = START_MS) => ({
  key: s,
  data: JSON.stringify({ s, t, v }),
});

async function everything(store: KeyValueStore) {
  return (await store.scan()).items;
}

describe('redrive', () => {
  it('puts the bytes under the original key, and the fixed pipeline applies them', async () => {
    const { consume, run, stream, stores } = createStage();
    await consume([reading('a', 1), reading('b', '2'), reading('c', '3')]);

    const counts = await run();
    await consume(
      stream.map(({ partitionKey, data }) => ({ key: partitionKey, data })),
      FIXED,
    );

    expect(counts).toMatchObject({ records: 2, put: 2, uncertain: 0, outcomes: { apply: 2 } });
    const put = stream.map(({ partitionKey, data }) => [
      partitionKey,
      Buffer.from(data).toString(),
    ]);
    expect(put).toEqual([
      ['b', reading('b', '2').data],
      ['c', reading('c', '3').data],
    ]);
    const accounting = await readAccounting(stores.state, stores.control);
    expect(accounting).toMatchObject({ applied: 3, invalid: 2 });
  });

  it('puts a record that came without a partition key under a fixed one', async () => {
    const { consume, run, stream } = createStage();
    await consume([{ key: '', data: reading('x', '1').data }, reading('a', '1')]);

    expect(await run({ writer: checkingWriter(stream) })).toMatchObject({ put: 2, kept: {} });
    expect(stream.map(({ partitionKey }) => partitionKey)).toEqual(['millrace', 'a']);
  });

  it('leaves what no stream takes, a key that is too long, and puts the others', async () => {
    const key = 'k'.repeat(300);
    const { consume, run, stream, stores } = createStage();
    const others = Array.from({ length: 250 }, (_, at) => reading(`h${at}`, '1'));
    await consume([{ key, data: reading('x', '1').data }, ...others]);

    for (const all of [false, true]) {
      stream.length = 0;
      const counts = await run({ all, toStream: `events ${all}`, writer: checkingWriter(stream) });

      expect(counts).toMatchObject({ records: 251, put: 250, kept: { unputable: 1 } });
      expect(stream).toHaveLength(250);
      const marks = (await everything(stores.control)).filter(({ doneMs }) => doneMs !== undefined);
      expect(marks).toHaveLength(all ? 500 : 250);
    }
  });

  it('leaves what was refused for its key inside an aggregate', async () => {
    const { consume, run, stream } = createStage();
    const users = ['', 'k'.repeat(300), 'good'].map((partitionKey) => ({
      ...{ partitionKey, data: reading('x', partitionKey === 'good' ? '1' : 1).data },
    }));
    await consume([{ key: 'a', data: kplAggregate(users) }]);

    const counts = await run({ all: true, writer: checkingWriter(stream) });

    expect(counts).toMatchObject({ records: 3, put: 1, kept: { unputable: 2 } });
    expect(stream.map(({ partitionKey }) => partitionKey)).toEqual(['good']);
  });

  it('leaves one that the stream refuses whenever it is put, and puts its neighbours', async () => {
    const { consume, run, stream } = createStage();
    await consume([reading('a', '1'), reading('b', '2'), reading('c', '3')]);
    const writer: StreamWriter = {
      put: async (entries) => {
        if (entries.some(({ partitionKey }) => partitionKey === 'b')) throw new BugError('refused');
        stream.push(...entries);
      },
    };

    expect(await run({ writer })).toMatchObject({ records: 3, put: 2, kept: { unputable: 1 } });
    expect(stream.map(({ partitionKey }) => partitionKey)).toEqual(['a', 'c']);
  });

  it('does nothing the second time', async () => {
    const { consume, run, stream } = createStage();
    await consume([reading('b', '2')]);
    await run();

    const again = await run();

    expect(again).toMatchObject({ records: 1, put: 0, done: 1 });
    expect(stream).toHaveLength(1);
  });

  it('puts again what went to another stream', async () => {
    const { consume, run, stream } = createStage();
    await consume([reading('b', '2')]);
    await run({ toStream: 'test' });

    expect(await run()).toMatchObject({ put: 1, done: 0 });
    expect(stream).toHaveLength(2);
  });

  it('writes nothing in a dry run', async () => {
    const { consume, run, stream, stores } = createStage();
    await consume([reading('b', '2'), reading('a', 'x')]);
    const before = await everything(stores.control);

    const counts = await run({ writer: null });

    expect(counts).toMatchObject({ put: 1, outcomes: { apply: 1 }, kept: { refused: 1 } });
    expect(await everything(stores.control)).toEqual(before);
    expect(stream).toEqual([]);
  });

  it('puts more than one chunk, each record once', async () => {
    const { consume, run, stream } = createStage();
    await consume(Array.from({ length: 250 }, (_, at) => reading(`k${at}`, '1')));

    expect(await run()).toMatchObject({ put: 250 });
    expect(new Set(stream.map(({ partitionKey }) => partitionKey)).size).toBe(250);
  });
});

describe('a run that died between put and mark', () => {
  async function afterDeath() {
    const stage = createStage();
    await stage.consume([reading('b', '2')]);
    const dying: StreamWriter = {
      put: async (entries) => {
        await stage.writer.put(entries);
        throw new Error('killed');
      },
    };
    await expect(stage.run({ writer: dying, run: 'first' })).rejects.toThrow('killed');
    return stage;
  }

  it('is left alone for a minute: it may be alive', async () => {
    const { run, stream, pass } = await afterDeath();
    pass(59_000);

    expect(await run()).toMatchObject({ put: 0, busy: 1 });
    expect(stream).toHaveLength(1);
  });

  it('is taken over then, and its records are called uncertain', async () => {
    const { run, stream, pass } = await afterDeath();
    pass(61_000);

    expect(await run()).toMatchObject({ put: 1, uncertain: 1 });
    expect(stream).toHaveLength(2);
    expect(await run()).toMatchObject({ put: 0, done: 1 });
  });
});

describe('what would become of a record', () => {
  it('refused again: stays, unless --all', async () => {
    const { consume, run } = createStage();
    await consume([reading('a', 'x')]);

    expect(await run()).toMatchObject({ put: 0, kept: { refused: 1 } });
    expect(await run({ all: true })).toMatchObject({ put: 1, outcomes: { refused: 1 } });
  });

  it('late: late again', async () => {
    const { consume, run, stores } = createStage();
    await consume([reading('a', 1), reading('a', 1, START_MS + 50_000)]);
    await consume([reading('a', 1, START_MS - 600_000)]);
    expect(await readAccounting(stores.state, stores.control)).toMatchObject({ late: 1 });

    expect(await run({ filter: { reason: 'late' } })).toMatchObject({ kept: { late: 1 } });
  });

  it('refused for its value, and its window is over by now: late', async () => {
    const { consume, run } = createStage();
    await consume([reading('a', 1), reading('a', '2', START_MS - 600_000)]);

    expect(await run()).toMatchObject({ put: 0, kept: { late: 1 } });
  });

  it('gone: its bytes have expired', async () => {
    const { consume, run, stores } = createStage();
    await consume([
      { key: 'b', data: `{"s":"b","t":${START_MS},"v":"2","x":"${'x'.repeat(4_000)}"}` },
    ]);
    for (const key of (await stores.quarantine.list({ prefix: '' })).keys) {
      await stores.quarantine.delete(key);
    }

    expect(await run({ all: true })).toMatchObject({ put: 0, kept: { gone: 1 } });
  });

  it.each([
    [null, { put: 0, kept: { twice: 1 } }],
    [
      { by: 'eventId', path: 'id' },
      { put: 1, outcomes: { apply: 1 } },
    ],
  ])('counted by another metric with dedupe %p: %p', async (dedupe, expected) => {
    const { consume, run } = createStage();
    const two = (coerce: boolean) => {
      const [strict] = onePipeline({ coerce }).metrics;
      const [counting] = onePipeline({ value: undefined, ...(dedupe && { dedupe }) }).metrics;
      return { ...BEFORE, metrics: [strict, { ...counting, name: 'n' }] } as typeof BEFORE;
    };
    const data = JSON.stringify({ s: 'a', t: START_MS, v: '1', id: 'one' });
    await consume([{ key: 'a', data }], two(false));

    const counts = await run({
      judge: { pipeline: two(true), transforms: new Map(), state: null },
    });

    expect(counts).toMatchObject({ records: 1, ...expected });
  });
});

describe('the forecast is what happens', () => {
  const MINUTE_MS = 60_000;
  const json = {
    dedupe: { by: 'eventId', path: 'id' },
    window: { type: 'tumbling', size: '5m' },
    aggregates: ['count'],
  };

  /** Minutes 20 to 39 bring texts; at minute 60 `after` is deployed, and numbers go on until 70. */
  async function mended(before: object, after: object) {
    const stage = createStage();
    const pipelines = [onePipeline({ ...json, ...before }), onePipeline({ ...json, ...after })];
    const minuteOf = (minute: number, v: unknown) => ({
      key: 'a',
      data: JSON.stringify({ s: 'a', t: START_MS + minute * MINUTE_MS, v, id: `i${minute}` }),
    });
    for (let minute = 0; minute < 70; minute++) {
      stage.pass(MINUTE_MS);
      const v = minute >= 20 && minute < 40 ? '1' : 1;
      await stage.consume([minuteOf(minute, v)], pipelines[minute < 60 ? 0 : 1]);
    }
    return { ...stage, after: pipelines[1] as typeof BEFORE };
  }

  it.each<[string, object, object, object]>([
    [
      'a new definition closes what had begun, whatever its lateness',
      { allowedLateness: '6h' },
      { allowedLateness: '6h', coerce: true },
      { late: 20 },
    ],
    ['the old lateness is over anyway', {}, { coerce: true }, { late: 20 }],
    [
      'the definition is the same, the records are refused again',
      { allowedLateness: '6h' },
      { allowedLateness: '6h' },
      { refused: 20 },
    ],
  ])('%s', async (_name, before, after, expected) => {
    const { run, consume, stream, stores, after: pipeline } = await mended(before, after);
    const counted = () => readAccounting(stores.state, stores.control);
    const judge = { pipeline, transforms: new Map(), state: stores.state };

    const forecast = await run({ judge, all: true });
    const then = await counted();
    await consume(
      stream.map(({ partitionKey, data }) => ({ key: partitionKey, data })),
      pipeline,
    );
    const now = await counted();

    expect(forecast.outcomes).toEqual(expected);
    expect({
      late: now.late - then.late,
      refused: now.invalid - then.invalid,
      apply: now.applied - then.applied,
    }).toEqual({ late: 0, refused: 0, apply: 0, ...expected });
  });

  it('a local run that was recorded long ago is judged at its end, not now', async () => {
    const { run, consume, stores, pass } = createStage();
    await consume([reading('a', 1), reading('a', 1, START_MS + 5 * MINUTE_MS)]);
    pass(30 * DAY_MS);
    const judge = { pipeline: BEFORE, transforms: new Map(), state: stores.state };

    expect(await run({ judge, writer: null })).toMatchObject({ kept: { late: 1 } });
    const atItsEnd = { ...judge, nowMs: START_MS + 5 * MINUTE_MS };
    expect(await run({ judge: atItsEnd, writer: null })).toMatchObject({ outcomes: { apply: 1 } });
  });

  it('parked records are refused while their state is spoilt, and apply when it is repaired', async () => {
    const { run, consume, stores } = createStage();
    await consume([reading('a', 1)]);
    const [whole] = await everything(stores.state);
    if (whole === undefined) throw new Error('no state');
    await stores.state.put({ ...whole, body: '{' });
    await consume([reading('a', 2), reading('b', 2)]);
    const filter = { reason: 'state' };
    const judge = { pipeline: BEFORE, transforms: new Map(), state: stores.state };

    expect(await run({ filter, judge, writer: null })).toMatchObject({ kept: { refused: 1 } });
    await stores.state.put(whole);
    expect(await run({ filter, judge, writer: null })).toMatchObject({ outcomes: { apply: 1 } });
    expect(await run({ filter, judge })).toMatchObject({ put: 1 });
  });

  it('records meet what those before them leave: the watermark, and ids', async () => {
    const { run, consume, stream, stores } = createStage();
    const at = (minute: number, id: string) => ({
      key: 'a',
      data: JSON.stringify({ s: 'a', t: START_MS + minute * MINUTE_MS, v: '1', id }),
    });
    // The second is late by the first, the fourth has the id of the third.
    const bad = [at(0, 'one'), at(-30, 'two'), at(-1, 'three'), at(-1, 'three')];
    await consume(bad, onePipeline(json));
    const pipeline = onePipeline({ ...json, coerce: true });
    const judge = { pipeline, transforms: new Map(), state: stores.state };

    const forecast = await run({ judge, all: true });
    await consume(
      stream.map(({ partitionKey, data }) => ({ key: partitionKey, data })),
      pipeline,
    );

    expect(forecast.outcomes).toEqual({ apply: 2, late: 1, duplicate: 1 });
    expect(await readAccounting(stores.state, stores.control)).toMatchObject({
      ...{ applied: 2, late: 1, duplicate: 1 },
    });
  });
});
