import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { commitGroup } from '@millrace/core/commit/commit-group';
import type { Group, GroupEntry } from '@millrace/core/commit/group';
import { NewerStateError, UnavailableError } from '@millrace/core/error';
import { defineMetric } from '@millrace/core/fold/definition';
import { stateKey } from '@millrace/core/fold/key';
import type { KeyValueStore } from '@millrace/core/port';
import { readRefusals } from '@millrace/core/results/quarantine';
import { readAccounting, readRows } from '@millrace/core/results/read';
import { onePipeline } from '../../../helper/metric';
import { quarantineOf, textOf } from '../../../helper/quarantine';

const DAY = 24 * 3_600_000;
const pipeline = onePipeline({ dedupe: { by: 'eventId', path: 'id' } });
const [metric] = pipeline.metrics;
const definition = defineMetric(metric as never, 7 * DAY);
const key = { metric: 'm', partitionKey: 'p', series: 's' };

function tables() {
  return {
    state: createKeyValueStore({
      map: createMemoryMap(),
      table: 'state',
      indexes: { due: { partitionKey: 'dueBucket', sortKey: 'due' } },
    }) as KeyValueStore,
    results: createKeyValueStore({ map: createMemoryMap(), table: 'results' }) as KeyValueStore,
    control: createKeyValueStore({ map: createMemoryMap(), table: 'control' }) as KeyValueStore,
    quarantine: createObjectMemory(),
  };
}

type Tables = ReturnType<typeof tables>;

/** One entry an event second; sequence numbers from 101 on. */
function entry(index: number, eventSecond: number, value = 1): GroupEntry {
  return {
    recordIndex: index,
    sequence: String(101 + index),
    sub: 0,
    arrivalMs: 200_000 + index,
    measurement: {
      kind: 'measurement',
      metric: definition.metric,
      series: 's',
      eventMs: eventSecond * 1000,
      inputs: [value],
      dedupeKey: null,
    },
    refuse: null,
  };
}

function groupOf(entries: readonly GroupEntry[], shard = 'a'): Group {
  const sources = {
    of: (at: number) => ({ bytes: () => new TextEncoder().encode(`record ${at}`) }),
  };
  return { key, definition, stream: 'stream', shard, sources, entries };
}

async function run(ports: Tables, group: Group) {
  const [item] = await ports.state.getMany([stateKey(key)]);
  return commitGroup(group, item, { ports, retentionMs: DAY, hasTime: () => true });
}

/** Counts the puts of a table and lets a test fail some of them. */
function spied(
  store: KeyValueStore,
  fail: (puts: number) => 'before' | 'after' | null = () => null,
) {
  const spy = { puts: 0 };
  const put: KeyValueStore['put'] = async (item, condition) => {
    const failure = fail(++spy.puts);
    if (failure === 'before') throw new UnavailableError('the write did not land');
    const result = await store.put(item, condition);
    if (failure === 'after') throw new UnavailableError('the write landed, the answer did not');
    return result;
  };
  return { spy, store: { ...store, put } as KeyValueStore };
}

test('publishes a row, counts, and leaves the outbox with the state', async () => {
  const ports = tables();
  const result = await run(ports, groupOf([entry(0, 10), entry(1, 20), entry(2, 130)]));

  expect(result.failedAt).toBeNull();
  const rows = await readRows(ports.results, pipeline);
  expect(rows).toMatchObject([{ startMs: 0, rev: 1, late: 0, values: { count: 2, sum: 2 } }]);
  expect(await readAccounting(ports.state, ports.control)).toMatchObject({ applied: 3, late: 0 });
});

test('a redelivered batch changes nothing and commits nothing', async () => {
  const ports = tables();
  const group = groupOf([entry(0, 10), entry(1, 20), entry(2, 130)]);
  await run(ports, group);
  const before = await ports.state.getMany([stateKey(key)]);

  const again = await run(ports, group);

  expect(again.tally).toMatchObject({ applied: 0, redelivered: 3, commits: 0 });
  expect(await ports.state.getMany([stateKey(key)])).toEqual(before);
});

test('rows that were committed but not written are written by the redelivery', async () => {
  const ports = tables();
  const broken = spied(ports.results, () => 'before');
  const group = groupOf([entry(0, 10), entry(1, 130)]);
  const failed = await run({ ...ports, results: broken.store }, group);
  expect(failed.failedAt).toBe(0);
  expect(await readRows(ports.results, pipeline)).toEqual([]);

  await run(ports, group);

  expect(await readRows(ports.results, pipeline)).toMatchObject([{ startMs: 0, rev: 1 }]);
});

test('rows that were committed but not written are written by a batch of another shard', async () => {
  const ports = tables();
  const broken = spied(ports.results, () => 'before');
  await run({ ...ports, results: broken.store }, groupOf([entry(0, 10), entry(1, 130)]));

  await run(ports, groupOf([entry(5, 131)], 'b'));

  expect(await readRows(ports.results, pipeline)).toMatchObject([{ startMs: 0, rev: 1 }]);
});

test('an outbox of an acknowledged batch is not written again', async () => {
  const ports = tables();
  await run(ports, groupOf([entry(0, 10), entry(1, 130)]));
  const counted = spied(ports.results);

  await run({ ...ports, results: counted.store }, groupOf([entry(2, 131)]));

  expect(counted.spy.puts).toBe(0);
});

test('a commit that landed although its answer was lost is not applied twice', async () => {
  const ports = tables();
  const flaky = spied(ports.state, (puts) => (puts === 1 ? 'after' : null));
  const group = groupOf([entry(0, 10), entry(1, 130)]);

  const failed = await run({ ...ports, state: flaky.store }, group);
  await run(ports, group);

  expect(failed.failedAt).toBe(0);
  expect(await readAccounting(ports.state, ports.control)).toMatchObject({ applied: 2 });
  expect(await readRows(ports.results, pipeline)).toMatchObject([{ values: { count: 1 } }]);
});

test('a commit from stale state conflicts, reloads and folds again', async () => {
  const ports = tables();
  const [stale] = await ports.state.getMany([stateKey(key)]);
  await run(ports, groupOf([entry(0, 10)]));

  const options = { ports, retentionMs: DAY, hasTime: () => true };
  const result = await commitGroup(groupOf([entry(0, 10), entry(1, 20)]), stale, options);

  expect(result).toMatchObject({
    failedAt: null,
    tally: { conflicts: 1, applied: 1, redelivered: 1 },
  });
});

test.each([
  ['its first commit makes a series', [], 1],
  ['a later one does not', ['before'], 0],
])('%s, and the tally says so', async (_name, before, newSeries) => {
  const ports = tables();
  for (const _one of before) await run(ports, groupOf([entry(0, 10)]));

  const { tally } = await run(ports, groupOf([entry(1, 20), entry(2, 130)]));

  expect(tally).toMatchObject({ newSeries, applied: 2 });
});

test('a series that another invocation made meanwhile is not new here', async () => {
  const ports = tables();
  await run(ports, groupOf([entry(0, 10)]));
  const options = { ports, retentionMs: DAY, hasTime: () => true };

  const { tally } = await commitGroup(groupOf([entry(1, 20)]), undefined, options);

  expect(tally).toMatchObject({ newSeries: 0, conflicts: 1, applied: 1 });
});

test('after three lost races the group goes back to the event source', async () => {
  const ports = tables();
  const losing: KeyValueStore = { ...ports.state, put: async () => 'conflict' };
  const result = await run({ ...ports, state: losing }, groupOf([entry(0, 10)]));
  expect(result).toMatchObject({ failedAt: 0, tally: { conflicts: 3 } });
});

test('a poison record is quarantined with its bytes, its neighbours are applied', async () => {
  const ports = tables();
  await run(ports, groupOf([entry(0, 10, 1e308), entry(1, 11, 1e308), entry(2, 12, 1)]));

  expect(await readAccounting(ports.state, ports.control)).toMatchObject({
    applied: 2,
    invalid: 1,
  });
  const [refused] = await quarantineOf(ports);
  expect(refused).toMatchObject({
    reason: 'fold',
    metric: 'm',
    shard: 'a',
    sequence: '102',
    sub: 0,
  });
  expect(refused && textOf(refused)).toBe('record 1');
});

test('code that throws on one record loses that record only, to the quarantine', async () => {
  const ports = tables();
  const bomb = entry(1, 20);
  const inputs = new Proxy([1], {
    get: (target, name) => {
      if (name === '0') throw new TypeError('boom');
      return Reflect.get(target, name);
    },
  });
  const broken = { ...bomb, measurement: { ...bomb.measurement, inputs } } as GroupEntry;

  const result = await run(ports, groupOf([entry(0, 10), broken, entry(2, 30)]));

  expect(result.failedAt).toBeNull();
  expect(await readAccounting(ports.state, ports.control)).toMatchObject({
    applied: 2,
    invalid: 1,
  });
  expect(await readRefusals(ports.control)).toMatchObject([{ detail: 'TypeError: boom' }]);
});

test('a late record says whether its time was over or has not come', async () => {
  const ports = tables();
  await run(ports, groupOf([entry(0, 200), entry(1, 500)]));
  // Another definition closes the window that a fast clock had opened, and the one that was running.
  const [other] = onePipeline({ window: { type: 'tumbling', size: '2m' } }).metrics;
  const changed = defineMetric(other as never, 7 * DAY, 2);
  await run(ports, { ...groupOf([entry(2, 200), entry(3, 510)]), definition: changed });

  const details = (await readRefusals(ports.control)).map(({ reason, detail }) => [reason, detail]);
  expect(details).toEqual([
    ['late', 'the window and its allowed lateness were over'],
    ['late', 'the window is ahead of the arrival, and had been closed or found no room'],
  ]);
});

test('state of a newer schema version stops the key and is not overwritten', async () => {
  const ports = tables();
  await run(ports, groupOf([entry(0, 10)]));
  await ports.state.update(stateKey(key), { v: 99 });

  const result = await run(ports, groupOf([entry(1, 20)]));

  expect(result.failedAt).toBe(1);
  expect(result.error).toBeInstanceOf(NewerStateError);
  expect(await ports.state.getMany([stateKey(key)])).toMatchObject([{ v: 99, ver: 1 }]);
});

test('without time left nothing is begun and the first record is reported', async () => {
  const ports = tables();
  const options = { ports, retentionMs: DAY, hasTime: () => false };
  const result = await commitGroup(groupOf([entry(0, 10)]), undefined, options);
  expect(result.failedAt).toBe(0);
  expect(await ports.state.getMany([stateKey(key)])).toEqual([undefined]);
});
