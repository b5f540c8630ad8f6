/** What is in partition keys and series is in no line of any log: an operator is no reader of the data. */
import { createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createBreaker } from '@millrace/adapters/breaker/breaker';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { createBatchMetrics } from '@millrace/adapters/metrics';
import { withoutValues } from '@millrace/adapters/without-values';
import { incidentKey, rowKey } from '@millrace/core/fold/key';
import type { Item, KeyValueStore } from '@millrace/core/port';
import { seriesHash, seriesHashOfResult } from '@millrace/core/stored/series-hash';
import type { DynamoDBRecord } from 'aws-lambda';
import { createAlertDispatcher } from '../../../functions/alert-dispatcher/alert-dispatcher';
import { alertSettings } from '../../../functions/alert-dispatcher/alert-settings';
import { createResultProjector } from '../../../functions/result-projector/result-projector';
import { createStreamConsumer } from '../../../functions/stream-consumer/stream-consumer';
import { createStreamSweeper } from '../../../functions/stream-sweeper/stream-sweeper';
import { kinesisEvent } from '../../helper/event-source';
import { onePipeline } from '../../helper/metric';

const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };
const SECRET = 'jane.doe@example.org';
const STATE = { pk: `S#m#${SECRET}`, sk: `=${SECRET}` };
const KEY = { metric: 'm', series: SECRET, partitionKey: SECRET };
const pipeline = onePipeline({ detect: { on: 'sum' }, alert: {} });

/** Everything that a function says: its log, its metrics, and what it throws, which Lambda logs. */
function createVoice() {
  const lines: string[] = [];
  const say = (text: string, fields?: unknown) =>
    void lines.push(`${text} ${JSON.stringify(fields)}`);
  return {
    lines,
    log: { info: say, warn: say, error: say },
    listen: async (work: Promise<unknown>) => {
      try {
        await work;
      } catch (error) {
        lines.push(String((error as Error).stack));
      }
    },
  };
}

function createStores() {
  const map = createMemoryMap();
  const table = (name: string, indexes = {}) => createKeyValueStore({ map, table: name, indexes });
  return {
    state: table('state', { due: { partitionKey: 'dueBucket', sortKey: 'due' } }),
    results: table('results'),
    control: table('control'),
    quarantine: createObjectMemory(),
  };
}

const clock = { nowMs: () => START_MS + DAY_MS, sleep: async () => undefined };

function recordOf(number: number, v: unknown = 1) {
  const bytes = Buffer.from(JSON.stringify({ s: SECRET, t: START_MS + number, v }));
  const sequence = String(1_000 + number);
  return { shard: 's0', sequence, arrivalMs: START_MS + number, partitionKey: SECRET, bytes };
}

/** A table on AWS that refuses every call, quoting what it was asked. */
function refusingTable(): KeyValueStore {
  const send = async ({ input }: { input: unknown }) => {
    const quoted = `Value '${JSON.stringify(input)}' at 'key' failed to satisfy constraint`;
    throw Object.assign(new Error(`1 validation error detected: ${quoted}`), {
      name: 'ValidationException',
      $metadata: { httpStatusCode: 400 },
    });
  };
  return createDynamoStore({ client: { send } as never, table: 'StateTable' });
}

type Stores = ReturnType<typeof createStores>;
const spoil = (edit: (item: Item) => Item) => async (stores: Stores) => {
  const [item] = await stores.state.getMany([STATE]);
  await stores.state.put(edit(item as Item));
};

test.each<[string, (stores: Stores) => unknown, string]>([
  ['all is well', () => undefined, 'Applied'],
  ['the state is of newer code', spoil((item) => ({ ...item, v: 99 })), 'A series is stopped'],
  [
    'the state is of a newer definition',
    spoil((item) => ({ ...item, def: 'x', dn: 9 })),
    'Part of a batch',
  ],
  ['the state cannot be decoded', spoil((item) => ({ ...item, body: '{' })), 'cannot be decoded'],
  [
    'the table refuses what it is asked',
    (stores) => Object.assign(stores.state, refusingTable()),
    'is refused',
  ],
  [
    'every race is lost',
    ({ state }) => Object.assign(state, { put: async () => 'conflict' }),
    'races',
  ],
  [
    'the items are too large',
    ({ state }) => {
      const { put } = state;
      const padding = 'x'.repeat(500_000);
      state.put = (item, condition) => put.call(state, { ...item, padding }, condition);
    },
    'a table item holds at most',
  ],
])('consumer: %s', async (_, disturb, said) => {
  const stores = createStores();
  const { lines, log, listen } = createVoice();
  const consumer = createStreamConsumer({
    ...{ ...stores, pipeline, transforms: new Map(), stateTtlMs: 7 * DAY_MS, retentionMs: DAY_MS },
    log,
    observe: createBatchMetrics({
      ...{ namespace: 'n', service: 's', nowMs: () => START_MS },
      write: (line) => lines.push(line),
    }),
  });
  await consumer(kinesisEvent([recordOf(0), recordOf(1, 'no number')]), CONTEXT);
  await disturb(stores);

  await listen(consumer(kinesisEvent([recordOf(2), recordOf(3)]), CONTEXT));

  expect(lines.join('\n')).toContain(said);
  expect(lines.join('\n')).not.toContain(SECRET);
});

test.each<[string, Partial<Item>, string]>([
  ['a series is due', {}, 'Ticked'],
  ['an item does not say when', { la: 'x' }, 'cannot be decoded'],
  ['an item is no state', { pk: SECRET }, 'cannot be decoded'],
  [
    'the stream takes no tick',
    { sk: '~digest', partitionKey: `${SECRET}${'x'.repeat(300)}` },
    'takes no tick',
  ],
])('sweeper: %s', async (_, edit, said) => {
  const { state } = createStores();
  const { lines, log, listen } = createVoice();
  const due = { due: 1, dueBucket: 'due#00', la: 1, idleMs: 1, closeMs: 1 };
  await state.put({ ...STATE, ...due, ...edit } as Item);
  const stream = {
    put: async (entries: readonly { partitionKey: string }[]) => {
      const long = entries.find(({ partitionKey }) => partitionKey.length > 256);
      if (long !== undefined) throw new Error('unput');
    },
  };

  await listen(createStreamSweeper({ state, stream, clock, log })({}, CONTEXT));

  expect(lines.join('\n')).toContain(said);
  expect(lines.join('\n')).not.toContain(SECRET);
});

function change(key: { pk: string; sk: string }, body: string): DynamoDBRecord {
  const Keys = { pk: { S: key.pk }, sk: { S: key.sk } };
  return {
    eventName: 'INSERT',
    dynamodb: { Keys, NewImage: { ...Keys, body: { S: body } }, SequenceNumber: '7' },
  };
}

const ROW = JSON.stringify({
  ...{ def: 'none', epoch: 0, startMs: START_MS, endMs: START_MS + 60_000, rev: 1, late: 0 },
  ...{ aggregate: [1, SECRET], score: null, anomaly: false, expected: null, incident: null },
});

test.each<[string, string, string]>([
  ['a row cannot be read', '{', 'cannot be read'],
  ['a row of no known definition', ROW, 'refuses a row'],
  ['a row whose aggregate is spoilt', ROW.replace('none', 'own'), 'wait until someone acts'],
])('projector: %s', async (_, body, said) => {
  const { control } = createStores();
  const { lines, log, listen } = createVoice();
  const breaker = createBreaker({
    ...{ sink: 'timestream', control, clock, owner: 'one', random: () => 0 },
  });
  const sink = { write: async () => [] };
  const projector = createResultProjector({ pipeline, sink, breaker, control, clock, log });
  await control.put({ pk: 'D#m', sk: '=own', body: JSON.stringify(pipeline.metrics[0]) });
  const key = rowKey(KEY, START_MS);

  await listen(projector({ Records: [change(key, body)] }, CONTEXT));

  expect(lines.join('\n')).toContain(said);
  expect(lines.join('\n')).not.toContain(SECRET);
});

const TRANSITION = JSON.stringify({
  ...{ id: `m#${SECRET}`, windowMs: START_MS, phase: 'open', openedMs: START_MS, closedMs: null },
  ...{ severity: 'critical', score: 1, observed: 1, expected: { low: 0, high: 1 }, reason: 'r' },
});

test.each<[string, string, (control: KeyValueStore) => unknown, string]>([
  ['a transition is told', TRANSITION, () => undefined, 'Told of'],
  ['a transition cannot be read', '{', () => undefined, 'cannot be read'],
  ['the table refuses', TRANSITION, (control) => Object.assign(control, refusingTable()), 'wait'],
  [
    'another claims the cooldown',
    TRANSITION,
    (control) => {
      const { put } = control;
      control.put = async (item, condition) =>
        item.pk.startsWith('K#') ? 'conflict' : put.call(control, item, condition);
    },
    'claimed at the same time',
  ],
])('dispatcher: %s', async (_, body, disturb, said) => {
  const { control } = createStores();
  const { lines, log, listen } = createVoice();
  await disturb(control);
  const dispatcher = createAlertDispatcher({
    ...{ alerts: alertSettings(pipeline), control, clock, log },
    topic: { publish: async () => undefined },
  });
  const key = incidentKey(KEY, { openedMs: START_MS, windowMs: START_MS, phase: 'open' });

  await listen(dispatcher({ Records: [change(key, body)] }, CONTEXT));

  expect(lines.join('\n')).toContain(said);
  expect(lines.join('\n')).not.toContain(SECRET);
});

test('rows and transitions are named by the hash of their state', () => {
  const transition = { openedMs: START_MS, windowMs: START_MS, phase: 'open' };

  expect(seriesHashOfResult(rowKey(KEY, START_MS))).toBe(seriesHash(STATE));
  expect(seriesHashOfResult(incidentKey(KEY, transition))).toBe(seriesHash(STATE));
});

test.each([
  ["Value 'a'b' at 'key' failed", "Value '…' failed"],
  ['no "a" and "b\n" here', 'no "…" here'],
  ['nothing is quoted', 'nothing is quoted'],
  ["it isn't", "it isn't"],
])('%j becomes %j', (message, expected) => {
  expect(withoutValues(message)).toBe(expected);
});
