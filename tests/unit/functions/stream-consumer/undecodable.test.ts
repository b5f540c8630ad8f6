/** A state item that no code has written like this: its series' records are parked, the lane goes on. */
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import type { Item } from '@millrace/core/port';
import { readAccounting, windowsOpen } from '@millrace/core/results/read';
import { seriesHash } from '@millrace/core/stored/series-hash';
import type { KinesisStreamEvent } from 'aws-lambda';
import type { BatchSummary } from '../../../../functions/stream-consumer/report';
import { createStreamConsumer } from '../../../../functions/stream-consumer/stream-consumer';
import { kinesisEvent } from '../../../helper/event-source';
import { onePipeline } from '../../../helper/metric';
import { quarantineOf, textOf } from '../../../helper/quarantine';

const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };
const ACCEPTED = { batchItemFailures: [] };
const SPOILT = { pk: 'S#m#sick', sk: '=sick' };
const pipeline = onePipeline({
  aggregates: ['count', 'sum', 'p90', { op: 'top', path: 'v', as: 'top' }],
  detect: { on: 'count' },
  dedupe: { by: 'eventId', path: 'id' },
});

function createStage() {
  const map = createMemoryMap();
  const table = (name: string, indexes = {}) => createKeyValueStore({ map, table: name, indexes });
  const stores = {
    state: table('state', { due: { partitionKey: 'dueBucket', sortKey: 'due' } }),
    results: table('results'),
    control: table('control'),
    quarantine: createObjectMemory(),
  };
  const batches: BatchSummary[] = [];
  const errors: [string, unknown][] = [];
  const consume = createStreamConsumer({
    ...{ ...stores, pipeline, transforms: new Map(), stateTtlMs: 7 * DAY_MS, retentionMs: DAY_MS },
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (text, fields) => errors.push([text, fields]),
    },
    observe: (batch) => batches.push(batch),
  });
  const deliver = (event: KinesisStreamEvent) => consume(event, CONTEXT);
  return {
    ...{ stores, batches, errors, deliver },
    accounting: () => readAccounting(stores.state, stores.control),
    stored: async () => (await stores.state.getMany([SPOILT]))[0] as Item,
  };
}

function recordOf(number: number, series: string) {
  const eventMs = START_MS + 20_000 * number;
  const bytes = Buffer.from(JSON.stringify({ s: series, t: eventMs, v: 1, id: `${number}` }));
  const sequence = String(1_000 + number);
  return { shard: 's0', sequence, arrivalMs: eventMs, partitionKey: series, bytes };
}

/** Two records of the sick series, then the same of a well one. */
function batchFrom(number: number): KinesisStreamEvent {
  const sick = [recordOf(number, 'sick'), recordOf(number + 1, 'sick')];
  return kinesisEvent([...sick, recordOf(number + 2, 'well'), recordOf(number + 3, 'well')]);
}

const inBody = (edit: (body: Record<string, unknown>) => void) => (item: Item) => {
  const body = JSON.parse(String(item.body));
  edit(body);
  return { ...item, body: JSON.stringify(body) };
};
const without = (name: string) => (item: Item) => {
  const { [name]: _, ...rest } = item;
  return rest as Item;
};

/** How the item is spoilt, and whether its counters can still be read. */
const SPOILINGS: [name: string, spoil: (item: Item) => Item, readable: boolean][] = [
  ['a torn body', (item) => ({ ...item, body: '{"w":' }), false],
  ['a body that is no text', (item) => ({ ...item, body: 7 }), false],
  ['a body that is null', (item) => ({ ...item, body: 'null' }), false],
  ['no body', without('body'), false],
  ['no schema version', without('v'), true],
  ['a schema version that is a text', (item) => ({ ...item, v: '1' }), true],
  ['no version', without('ver'), true],
  ['no definition', without('def'), true],
  ['no number of its definition', without('dn'), true],
  ['no last arrival', without('la'), true],
  ['an outbox that is torn', (item) => ({ ...item, out: '{"rows":[' }), true],
  ['an outbox of another version', (item) => ({ ...item, out: '{"version":9}' }), true],
  ['windows that are none', inBody((body) => Object.assign(body, { p: {} })), true],
  [
    'a window without an aggregate',
    inBody((body) => void (body.p as never[][])[0]?.splice(2)),
    true,
  ],
  [
    'an aggregate of another shape',
    inBody((body) => void (body.p as unknown[][])[0]?.splice(2, 1, [1, 'x'])),
    true,
  ],
  [
    'an end that is infinite',
    (item) => ({ ...item, body: String(item.body).replace(/("p":\[\[\d+),\d+/, '$1,1e999') }),
    true,
  ],
  ['no marks', inBody((body) => void delete body.m), true],
  ['a mark without a number', inBody((body) => Object.assign(body, { m: [['a/b']] })), true],
  ['counters that are short', inBody((body) => Object.assign(body, { c: [1, 2] })), false],
  ['a detector that is no list', inBody((body) => Object.assign(body, { d: 'ewma' })), true],
  [
    'a detector that counts nothing',
    inBody((body) => Object.assign(body, { d: [1, -1, 0, 0, 0, 0] })),
    true,
  ],
  ['an incident without a name', inBody((body) => Object.assign(body, { i: {} })), true],
];

test.each(SPOILINGS)(
  '%s: the records are parked, once, and the item stays',
  async (_, spoil, readable) => {
    const { stores, deliver, accounting, stored, batches, errors } = createStage();
    await deliver(batchFrom(0));
    await stores.state.put(spoil(await stored()));
    const spoilt = await stored();

    expect(await deliver(batchFrom(4))).toEqual(ACCEPTED);
    expect(await deliver(batchFrom(4))).toEqual(ACCEPTED);

    expect(await stored()).toEqual(spoilt);
    expect(batches).toMatchObject([
      { applied: 4, parked: 0 },
      { applied: 2, invalid: 2, parked: 2, redelivered: 0, failed: false },
      { applied: 0, invalid: 0, parked: 0, redelivered: 4, failed: false },
    ]);
    const lines = await quarantineOf(stores);
    expect(lines.map((line) => [line.reason, line.partitionKey])).toEqual([
      ['state', 'sick'],
      ['state', 'sick'],
    ]);
    expect(lines.map((line) => JSON.parse(textOf(line)).id)).toEqual(['4', '5']);
    expect(await accounting()).toMatchObject(
      readable ? { applied: 6, invalid: 2 } : { applied: 4, invalid: 2, undecodable: 1 },
    );
    const said = [
      'States cannot be decoded: records of their series are parked in the quarantine.',
    ];
    expect(errors.map(([text]) => text)).toEqual([...said, ...said]);
    expect(errors[0]?.[1]).toMatchObject({ states: 1, seriesHashes: [seriesHash(SPOILT)] });
  },
);

test('a repaired item goes on where it was', async () => {
  const { stores, deliver, accounting, stored } = createStage();
  await deliver(batchFrom(0));
  const whole = await stored();
  await stores.state.put({ ...whole, body: '{' });
  await deliver(batchFrom(4));
  await stores.state.put(whole);

  expect(await deliver(batchFrom(8))).toEqual(ACCEPTED);

  expect(await accounting()).toMatchObject({ applied: 10, invalid: 2 });
  expect(await windowsOpen(stores.state)).toBe(2);
});

test('a state of newer code is not parked: its lane waits for that code', async () => {
  const { stores, deliver, stored } = createStage();
  await deliver(batchFrom(0));
  await stores.state.put({ ...(await stored()), v: 99, body: '?' });

  expect(await deliver(batchFrom(4))).toEqual({ batchItemFailures: [{ itemIdentifier: '1004' }] });
  expect(await quarantineOf(stores)).toEqual([]);
});

test('while the index cannot be written the first record that is not parked comes again', async () => {
  const { stores, deliver, stored, batches } = createStage();
  await deliver(batchFrom(0));
  await stores.state.put({ ...(await stored()), body: '{' });
  const { put } = stores.control;
  stores.control.put = async (...args) => {
    if (args[0].sk.includes('1005')) throw new Error('throttled');
    return put.apply(stores.control, args);
  };

  expect(await deliver(batchFrom(4))).toEqual({ batchItemFailures: [{ itemIdentifier: '1005' }] });
  expect(batches.at(-1)).toMatchObject({ parked: 1, failed: true });
});

test('the hash of a series is what `printf "%s" "S#m#sick =sick" | sha256sum` begins with', () => {
  expect(seriesHash(SPOILT)).toBe('13301081');
});
