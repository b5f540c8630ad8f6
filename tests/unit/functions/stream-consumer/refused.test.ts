/** What one refused stream record costs, and what is kept of it: calls of the stores, counted. */
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { ITEM_BYTES_MAX, itemBytes } from '@millrace/adapters/table-item';
import { UnavailableError } from '@millrace/core/error';
import type { Pipeline, Transform } from '@millrace/core/pipeline/pipeline';
import type { Item, KeyValueStore, ObjectStore } from '@millrace/core/port';
import { AWAY_MS } from '@millrace/core/quarantine/patience';
import { readRefusals } from '@millrace/core/results/quarantine';
import { readAccounting } from '@millrace/core/results/read';
import { createStreamConsumer } from '../../../../functions/stream-consumer/stream-consumer';
import { kinesisEvent } from '../../../helper/event-source';
import { kplAggregate } from '../../../helper/kpl';
import { onePipeline } from '../../../helper/metric';
import { quarantineOf, textOf } from '../../../helper/quarantine';

const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };

interface Setting {
  readonly pipeline?: Pipeline;
  readonly transforms?: ReadonlyMap<string, Transform>;
  /** Before each PUT of an object. */
  readonly onPut?: () => void;
}

/** A consumer over stores that count what is asked of them. */
function consumerOf({ pipeline = onePipeline(), transforms = new Map(), onPut }: Setting) {
  const indexes = { due: { partitionKey: 'dueBucket', sortKey: 'due' } };
  const table = (name: string, options = {}): KeyValueStore =>
    createKeyValueStore({ map: createMemoryMap(), table: name, ...options });
  const raw = { state: table('state', { indexes }), control: table('control') };
  const objects = createObjectMemory();
  const calls = { objects: 0, index: [] as Item[], bytes: 0, commits: 0, deliveries: 0 };
  const control: KeyValueStore = {
    ...raw.control,
    put: (item, condition) => {
      expect(itemBytes(item)).toBeLessThan(ITEM_BYTES_MAX);
      if (item.pk.startsWith('Q#')) calls.index.push(item);
      if (item.pk.startsWith('B#')) calls.bytes++;
      return raw.control.put(item, condition);
    },
  };
  const state: KeyValueStore = {
    ...raw.state,
    put: (item, condition) => {
      calls.commits++;
      return raw.state.put(item, condition);
    },
  };
  const quarantine: ObjectStore = {
    ...objects,
    create: async (...args) => {
      calls.objects++;
      onPut?.();
      return objects.create(...args);
    },
  };
  const time = { nowMs: START_MS };
  const consumer = createStreamConsumer({
    ...{ state, control, results: table('results'), quarantine, pipeline, transforms },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    clock: { nowMs: () => time.nowMs, sleep: () => new Promise(() => {}) },
    ...{ stateTtlMs: 7 * DAY_MS, retentionMs: DAY_MS },
  });
  async function deliver(records: readonly (string | Buffer)[], firstSequence = 101) {
    calls.deliveries++;
    const batch = records.map((data, at) => ({
      ...{ shard: 'shard-0', sequence: String(firstSequence + at), partitionKey: 'a' },
      ...{ arrivalMs: START_MS + at, bytes: Buffer.from(data) },
    }));
    return consumer(kinesisEvent(batch), CONTEXT);
  }
  const accounting = () => readAccounting(raw.state, raw.control);
  return { calls, time, stores: { ...raw, quarantine: objects }, deliver, accounting };
}

/** One record that a transform makes into `outputs`, of so many bytes. */
function fanOut(
  outputs: number,
  bytes: number,
  output: (at: number) => object,
): Required<Pick<Setting, 'pipeline' | 'transforms'>> & { record: string } {
  const transforms = new Map<string, Transform>([
    ['fan', () => Array.from({ length: outputs }, (_, at) => output(at) as never)],
  ]);
  const pipeline = { ...onePipeline(), transform: 'fan' };
  return { pipeline, transforms, record: JSON.stringify({ pad: 'x'.repeat(bytes) }) };
}

const ALL_DONE = { batchItemFailures: [] };

describe('a record whose outputs are all refused', () => {
  it.each([
    [2_000, 50_000],
    [10_000, 780_000],
  ])('%d outputs of %d bytes: one object, one index item, one delivery', async (outputs, bytes) => {
    const { record, ...setting } = fanOut(outputs, bytes, () => ({ s: 'a', t: 'never', v: 1 }));
    const { calls, stores, deliver, accounting } = consumerOf(setting);

    expect(await deliver([record])).toEqual(ALL_DONE);

    expect(calls).toMatchObject({ objects: 1, bytes: 0, commits: 0, deliveries: 1 });
    expect(calls.index).toHaveLength(1);
    expect(await accounting()).toMatchObject({ invalid: outputs });
    const [line, ...others] = await quarantineOf(stores);
    expect(others).toEqual([]);
    expect(line).toMatchObject({ sub: 0, count: outputs, subs: [[0, outputs - 1]] });
    expect(line && textOf(line)).toBe(record);
  });

  it('comes again: counted once, and nothing is written twice', async () => {
    const { record, ...setting } = fanOut(500, 50_000, () => ({ s: 'a', t: 'never', v: 1 }));
    const { stores, deliver, accounting } = consumerOf(setting);
    await deliver([record]);
    await deliver([record]);

    expect(await accounting()).toMatchObject({ invalid: 500 });
    expect(await readRefusals(stores.control)).toHaveLength(1);
    expect((await stores.quarantine.list({ prefix: '' })).keys).toHaveLength(1);
  });
});

describe('a record whose outputs are all late', () => {
  const late = (at: number) => ({ s: 'a', t: START_MS - 3_600_000 + (at % 2), v: 1 });

  it.each([
    [10_000, 780_000, 1, 0],
    [10_000, 2_000, 0, 1],
  ])(
    '%d outputs of %d bytes: %d object, %d item of bytes, one index item',
    async (outputs, bytes, objects, items) => {
      const { record, pipeline } = fanOut(outputs, bytes, late);
      const lateOnes = Array.from({ length: outputs }, (_, at) => late(at));
      const transforms = new Map<string, Transform>([
        ['fan', (each) => (each.pad === undefined ? each : lateOnes)],
      ]);
      const { calls, stores, deliver, accounting } = consumerOf({ pipeline, transforms });

      expect(await deliver([JSON.stringify({ s: 'a', t: START_MS, v: 1 }), record])).toEqual(
        ALL_DONE,
      );

      expect(calls).toMatchObject({ objects, bytes: items, deliveries: 1 });
      expect(calls.index).toHaveLength(1);
      expect(await accounting()).toMatchObject({ applied: 1, late: outputs });
      const [refusal] = await readRefusals(stores.control);
      expect(refusal).toMatchObject({
        reason: 'late',
        count: outputs,
        subs: [[0, outputs - 1, 0]],
      });
      const [line] = await quarantineOf(stores);
      expect(line && textOf(line)).toBe(record);
    },
  );

  it('every other one: as many commits as the outbox needs, every output counted once', async () => {
    const outputs = 10_000;
    const { record, ...setting } = fanOut(outputs, 5_000, (at) =>
      at % 2 === 0 ? { s: 'a', t: START_MS, v: 1 } : { s: 'a', t: START_MS - 3_600_000, v: 1 },
    );
    const { calls, stores, deliver, accounting } = consumerOf(setting);

    expect(await deliver([record])).toEqual(ALL_DONE);

    expect(await accounting()).toMatchObject({ applied: outputs / 2, late: outputs / 2 });
    const refusals = await readRefusals(stores.control);
    expect(refusals.reduce((sum, { count }) => sum + count, 0)).toBe(outputs / 2);
    expect(refusals.length).toBe(calls.index.length);
    expect(calls.commits).toBeLessThan(10);
    expect(calls.objects).toBe(1);
  });
});

it('a record that three series find late is one object, and an index item for each', async () => {
  const seriesOf = (at: number) => ['a', 'b', 'c'][at % 3];
  const { record, pipeline } = fanOut(0, 50_000, () => ({}));
  const outputs = (t: number, count: number) =>
    Array.from({ length: count }, (_, at) => ({ s: seriesOf(at) as string, t, v: 1 }));
  const transforms = new Map<string, Transform>([
    ['fan', ({ pad }) => (pad === 'y' ? outputs(START_MS, 3) : outputs(START_MS - 3_600_000, 300))],
  ]);
  const { calls, stores, deliver, accounting } = consumerOf({ pipeline, transforms });

  expect(await deliver(['{"pad":"y"}', record])).toEqual(ALL_DONE);

  expect(calls).toMatchObject({ objects: 1, bytes: 0 });
  expect(calls.index).toHaveLength(3);
  expect(await accounting()).toMatchObject({ applied: 3, late: 300 });
  const counts = (await readRefusals(stores.control)).map(({ series, count }) => [series, count]);
  expect(counts).toEqual([
    ['a', 100],
    ['b', 100],
    ['c', 100],
  ]);
});

describe('1,000 bad records that five metrics refuse', () => {
  it('are 1,000 items without an object, spread evenly over 16 partition keys', async () => {
    const [metric] = onePipeline().metrics;
    const metrics = Array.from({ length: 5 }, (_, at) => ({ ...metric, name: `m${at}` }));
    const pipeline = { ...onePipeline(), metrics } as Pipeline;
    const { calls, deliver, accounting } = consumerOf({ pipeline });
    const record = JSON.stringify({ s: 'a', t: START_MS, v: 'w'.repeat(500) });

    expect(await deliver(Array.from({ length: 1_000 }, () => record))).toEqual(ALL_DONE);

    expect(calls).toMatchObject({ objects: 0, bytes: 0 });
    expect(calls.index).toHaveLength(1_000);
    const counts = new Map<string, number>();
    for (const { pk } of calls.index) counts.set(pk, (counts.get(pk) ?? 0) + 1);
    expect(counts.size).toBe(16);
    expect(Math.max(...counts.values())).toBeLessThan(1.6 * (1_000 / 16));
    expect(await accounting()).toMatchObject({ invalid: 5_000 });
  });
});

describe('S3 is away', () => {
  const large = `${'no JSON '.repeat(100_000)}`;
  const healthy = (at: number) => JSON.stringify({ s: 'a', t: START_MS + at, v: 1 });

  it('healthy neighbours are applied at once, and the bytes are in the table', async () => {
    const down = () => {
      throw new UnavailableError('the bucket is away');
    };
    const { calls, stores, deliver, accounting } = consumerOf({ onPut: down });
    const batch = [healthy(0), large, healthy(1), large, healthy(2)];

    expect(await deliver(batch)).toEqual(ALL_DONE);

    expect(await accounting()).toMatchObject({ applied: 3, invalid: 2 });
    expect((await stores.quarantine.list({ prefix: '' })).keys).toEqual([]);
    // 800,000 bytes are four chunks.
    expect(calls.bytes).toBe(8);
    expect((await quarantineOf(stores)).map(textOf)).toEqual([large, large]);
  });

  it('it is asked again after half a minute, and not before', async () => {
    let isAway = true;
    const { calls, time, stores, deliver } = consumerOf({
      onPut: () => {
        if (isAway) throw new UnavailableError('the bucket is away');
      },
    });
    await deliver([large], 101);
    isAway = false;
    time.nowMs += AWAY_MS - 1;
    await deliver([large], 102);
    const before = calls.objects;
    time.nowMs += 1;
    await deliver([large], 103);

    expect({ before, after: calls.objects }).toEqual({ before: 1, after: 2 });
    expect((await stores.quarantine.list({ prefix: '' })).keys).toEqual([
      'quarantine/events/shard-0/103',
    ]);
    expect((await quarantineOf(stores)).map(textOf)).toEqual([large, large, large]);
  });

  it('the state keeps what is late meanwhile, too', async () => {
    const down = () => {
      throw new UnavailableError('the bucket is away');
    };
    const { deliver, stores, accounting } = consumerOf({ onPut: down });
    const lateRecord = JSON.stringify({ s: 'a', t: START_MS - 3_600_000, v: 1, pad: large });

    expect(await deliver([healthy(0), lateRecord, healthy(1)])).toEqual(ALL_DONE);

    expect(await accounting()).toMatchObject({ applied: 2, late: 1 });
    const [line] = await quarantineOf(stores);
    expect(line && textOf(line)).toBe(lateRecord);
  });
});

describe('an aggregate', () => {
  const users = [
    { partitionKey: 'one', data: JSON.stringify({ s: 'a', t: START_MS, v: 1 }) },
    { partitionKey: 'two', data: 'no JSON' },
    { partitionKey: 'three', data: JSON.stringify({ s: 'b', t: START_MS, v: 'x' }) },
    { partitionKey: 'one', data: JSON.stringify({ s: 'a', t: START_MS - 3_600_000, v: 1 }) },
  ];

  it('is one entry, and a line for each user record with its own bytes and key', async () => {
    const { calls, stores, deliver } = consumerOf({});

    expect(await deliver([kplAggregate(users)])).toEqual(ALL_DONE);

    const lines = await quarantineOf(stores);
    const shown = lines.map((line) => [line.reason, line.sub, line.partitionKey, textOf(line)]);
    expect(shown).toEqual([
      ['json', 1, 'two', users[1]?.data],
      ['value', 2, 'three', users[2]?.data],
      ['late', 3, 'one', users[3]?.data],
    ]);
    // What the record alone is refused for, and what the series refused.
    expect(calls.index).toHaveLength(2);
  });

  it('with more than 100 refused has a line for each user record, metric and reason', async () => {
    const many = Array.from({ length: 300 }, (_, at) => ({ partitionKey: `k${at}`, data: '{' }));
    const { calls, stores, deliver, accounting } = consumerOf({});

    expect(await deliver([kplAggregate(many)])).toEqual(ALL_DONE);

    expect(calls.index).toHaveLength(1);
    expect(await accounting()).toMatchObject({ invalid: 300 });
    const lines = await quarantineOf(stores);
    expect(lines).toHaveLength(300);
    expect(lines[7]).toMatchObject({ sub: 7, partitionKey: 'k7', count: 1, subs: [[7, 7]] });
  });
});
