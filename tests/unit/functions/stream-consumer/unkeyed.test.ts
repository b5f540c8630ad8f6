import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { readQuarantine } from '@millrace/core/results/quarantine-lines';
import { readAccounting } from '@millrace/core/results/read';
import type { KinesisStreamEvent } from 'aws-lambda';
import type { BatchSummary } from '../../../../functions/stream-consumer/report';
import { createStreamConsumer } from '../../../../functions/stream-consumer/stream-consumer';
import { kinesisEvent } from '../../../helper/event-source';
import { kplAggregate } from '../../../helper/kpl';
import { onePipeline } from '../../../helper/metric';

const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };
const pipeline = onePipeline({ outOfOrderness: '0s', allowedLateness: '1h', maxFutureSkew: '1h' });

function createStage() {
  const map = createMemoryMap();
  const table = (name: string, indexes = {}) => createKeyValueStore({ map, table: name, indexes });
  const stores = {
    state: table('state', { due: { partitionKey: 'dueBucket', sortKey: 'due' } }),
    results: table('results'),
    control: table('control'),
    quarantine: createObjectMemory(),
  };
  const warnings: unknown[][] = [];
  const batches: BatchSummary[] = [];
  const fail = (text: string) => {
    throw new Error(text);
  };
  const consume = createStreamConsumer({
    ...{ ...stores, pipeline, transforms: new Map(), stateTtlMs: 7 * DAY_MS, retentionMs: DAY_MS },
    log: { info: () => undefined, warn: (...line) => void warnings.push(line), error: fail },
    observe: (batch) => batches.push(batch),
  });
  return {
    ...{ stores, warnings, batches },
    deliver: (event: KinesisStreamEvent) => consume(event, CONTEXT),
    accounting: () => readAccounting(stores.state, stores.control),
  };
}

const ACCEPTED = { batchItemFailures: [] };

function recordOf(number: number, { key = '', shard = 's0' } = {}) {
  const bytes = Buffer.from(JSON.stringify({ s: 'a', t: START_MS + 1_000 * number, v: 1 }));
  const at = { shard, sequence: String(1_000 + number), arrivalMs: START_MS + 1_000 * number };
  return { ...at, partitionKey: key, bytes };
}

test.each([
  ['null', null],
  ['absent', undefined],
  ['empty', ''],
])('a partition key that is %s: the record counts, and it is said', async (_, partitionKey) => {
  const { deliver, accounting, warnings, batches } = createStage();
  const event = kinesisEvent([recordOf(0), recordOf(1), recordOf(2, { key: 'p' })]);
  for (const { kinesis } of event.Records.slice(0, 2)) Object.assign(kinesis, { partitionKey });

  expect(await deliver(event)).toEqual(ACCEPTED);
  expect(await deliver(event)).toEqual(ACCEPTED);

  expect(await accounting()).toMatchObject({ applied: 3, invalid: 0 });
  expect(batches).toMatchObject([{ unkeyed: 2 }, { unkeyed: 2, redelivered: 3 }]);
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toEqual([
    'Records came without a partition key: they count, but have no order.',
    { stream: expect.any(String), shard: 's0', unkeyed: 2, records: 3 },
  ]);
});

test('of every reason it is refused for, too, and alone in its batch', async () => {
  const { deliver, accounting, stores } = createStage();
  const bad = { ...recordOf(0), bytes: Buffer.from('no json') };

  expect(await deliver(kinesisEvent([bad]))).toEqual(ACCEPTED);
  expect(await accounting()).toMatchObject({ applied: 0, invalid: 1 });
  expect(await readQuarantine(stores, () => null)).toMatchObject([
    { partitionKey: '', reason: 'json' },
  ]);
});

test('a lane that is behind loses nothing to one that is ahead', async () => {
  const { deliver, accounting } = createStage();
  const even = Array.from({ length: 40 }, (_, at) => recordOf(2 * at));
  const odd = Array.from({ length: 40 }, (_, at) => recordOf(2 * at + 1));

  for (const batch of [even, odd, even, odd]) {
    expect(await deliver(kinesisEvent(batch))).toEqual(ACCEPTED);
  }

  expect(await accounting()).toMatchObject({ applied: 80, invalid: 0, late: 0 });
});

test('in an aggregate without a key: its records count for their own keys, in no order', async () => {
  const { deliver, accounting } = createStage();
  const batch = [3, 1, 2].map((number) => {
    const user = recordOf(number, { key: 'p' });
    const bytes = kplAggregate(
      [user, user].map(({ bytes: data }) => ({ partitionKey: 'p', data })),
    );
    return { ...recordOf(number), bytes };
  });

  for (const each of [...batch, ...batch])
    expect(await deliver(kinesisEvent([each]))).toEqual(ACCEPTED);

  expect(await accounting()).toMatchObject({ applied: 6, invalid: 0 });
});

test('a key that comes from any shard, as keys do on such a stream, has a mark in each', async () => {
  const { deliver, accounting } = createStage();
  const shards = ['s0', 's1', 's2', 's3'];
  const all = Array.from({ length: 40 }, (_, at) =>
    recordOf(at, { key: 'p', shard: shards[at % 4] as string }),
  );
  const batches = shards.map((of) => all.filter(({ shard }) => shard === of));

  for (const batch of [...batches, ...batches]) {
    expect(await deliver(kinesisEvent(batch))).toEqual(ACCEPTED);
  }

  expect(await accounting()).toMatchObject({ applied: 40, invalid: 0 });
});

test('sixteen lanes write one state at once: all of them get through', async () => {
  const { deliver, accounting, batches } = createStage();
  const lanes = Array.from({ length: 16 }, (_, lane) =>
    Array.from({ length: 5 }, (_, at) => recordOf(lane * 5 + at, { shard: `s${lane % 4}` })),
  );

  const answers = await Promise.all(lanes.map((batch) => deliver(kinesisEvent(batch))));

  expect(answers).toEqual(lanes.map(() => ACCEPTED));
  expect(await accounting()).toMatchObject({ applied: 80 });
  expect(batches.reduce((sum, { conflicts }) => sum + conflicts, 0)).toBeGreaterThan(15);
});
