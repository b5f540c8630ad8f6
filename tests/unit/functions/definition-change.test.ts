import { silentLog } from '@millrace/adapters/console-log';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { encodeTick } from '@millrace/core/fold/tick';
import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import { readRefusals } from '@millrace/core/results/quarantine';
import {
  readAccounting,
  readDefinitions,
  readRows,
  windowsOpen,
} from '@millrace/core/results/read';
import { createStreamConsumer } from '../../../functions/stream-consumer/stream-consumer';
import { onePipeline } from '../../helper/metric';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** One account: tables that outlive deployments, and a clock. */
function account() {
  const map = createMemoryMap();
  const indexes = { due: { partitionKey: 'dueBucket', sortKey: 'due' } };
  const stores = {
    state: createKeyValueStore({ map, table: 'state', indexes }),
    results: createKeyValueStore({ map, table: 'results' }),
    control: createKeyValueStore({ map, table: 'control' }),
    quarantine: createObjectMemory(),
  };
  const time = { nowMs: 0 };
  // Nothing here waits long enough for a time-out.
  const clock = { nowMs: () => time.nowMs, sleep: () => new Promise<void>(() => {}) };
  let sequence = 1000;
  const deploy = (pipeline: Pipeline) => {
    const consumer = createStreamConsumer({
      ...stores,
      pipeline,
      transforms: new Map(),
      log: silentLog,
      clock,
      stateTtlMs: 7 * DAY_MS,
      retentionMs: DAY_MS,
    });
    const send = (arrivalMs: number, data: string, partitionKey = 's') => {
      const sequenceNumber = String(++sequence);
      const kinesis = {
        kinesisSchemaVersion: '1.0',
        partitionKey,
        sequenceNumber,
        data: Buffer.from(data).toString('base64'),
        approximateArrivalTimestamp: arrivalMs / 1000,
      };
      const record = {
        eventID: `shard:${sequenceNumber}`,
        eventSourceARN: 'arn:x/stream',
        kinesis,
      };
      return consumer({ Records: [record] } as never, { getRemainingTimeInMillis: () => 60_000 });
    };
    return {
      put: (second: number, v = 1, partitionKey?: string) =>
        send(second * 1000, JSON.stringify({ s: 's', t: second * 1000, v }), partitionKey),
      tick: (second: number) => send(second * 1000, encodeTick({ metric: 'm', series: 's' })),
    };
  };
  const rows = async (pipeline: Pipeline) =>
    (await readRows(stores.results, pipeline, await readDefinitions(stores.control))).map(
      ({ startMs, endMs, rev, values }) => ({
        from: startMs / 1000,
        to: endMs / 1000,
        rev,
        values,
      }),
    );
  return { ...stores, time, deploy, rows };
}

const minutes = onePipeline();
const fiveMinutes = onePipeline({
  window: { type: 'tumbling', size: '5m' },
  aggregates: ['count', 'max'],
});

test('another window: old windows are closed as they are, the new definition begins at its border', async () => {
  const { deploy, time, rows, control } = account();
  const before = deploy(minutes);
  await before.put(10);
  await before.put(70);
  time.nowMs = 10 * MINUTE_MS;
  const after = deploy(fiveMinutes);

  await after.put(80); // before the border at 300 s: late
  await after.put(310, 7);
  await after.put(320, 5);
  await after.put(650);

  expect(await rows(fiveMinutes)).toEqual([
    { from: 0, to: 60, rev: 1, values: { count: 1, sum: 1 } },
    { from: 60, to: 120, rev: 1, values: { count: 1, sum: 1 } },
    { from: 300, to: 600, rev: 1, values: { count: 2, max: 7 } },
  ]);
  expect(await readRefusals(control)).toMatchObject([{ reason: 'late', arrivalMs: 80_000 }]);
});

test('a partition key that is new after the change and one from before it make one row', async () => {
  const { deploy, time, rows } = account();
  await deploy(minutes).put(10, 1, 'k2');
  time.nowMs = 10 * MINUTE_MS;
  const after = deploy(fiveMinutes);

  for (const key of ['k1', 'k2']) for (const second of [310, 650]) await after.put(second, 7, key);

  // k1 is in its first epoch, k2 in its second; both speak of the same window by the same definition.
  expect(await rows(fiveMinutes)).toContainEqual(
    expect.objectContaining({ from: 300, to: 600, values: { count: 2, max: 7 } }),
  );
});

test('every measurement is accounted for across the change', async () => {
  const { deploy, time, state, control } = account();
  const before = deploy(minutes);
  for (const second of [0, 30, 65, 90]) await before.put(second);
  time.nowMs = 10 * MINUTE_MS;
  const after = deploy(fiveMinutes);
  for (const second of [95, 130, 301, 900]) await after.put(second);
  const { applied, late, invalid, duplicate } = await readAccounting(state, control);
  expect({ applied, late, invalid, duplicate }).toEqual({
    applied: 6,
    late: 2,
    invalid: 0,
    duplicate: 0,
  });
});

test('the alert setting alone changes nothing', async () => {
  const { deploy, time, rows } = account();
  const detect = { on: 'count' };
  const quiet = onePipeline({ detect });
  const loud = onePipeline({ detect, alert: { when: 'open', minSeverity: 'info' } });
  await deploy(quiet).put(10);
  time.nowMs = 10 * MINUTE_MS;
  const after = deploy(loud);
  await after.put(20);
  await after.put(130);
  expect(await rows(loud)).toMatchObject([{ from: 0, values: { count: 2 } }]);
});

test('a container of the old code meets newer state: it steps aside and overwrites nothing', async () => {
  const { deploy, state } = account();
  const before = deploy(minutes);
  await before.put(10);
  const after = deploy(fiveMinutes);
  await after.put(310);
  const stored = await state.scan();

  const response = await before.put(320);

  expect(response.batchItemFailures).toHaveLength(1);
  expect(await state.scan()).toEqual(stored);
});

test('a roll-back to the older definition takes over once no roll-out can be going on', async () => {
  const { deploy, time, rows } = account();
  await deploy(minutes).put(10);
  await deploy(fiveMinutes).put(310);
  const hasty = await deploy(minutes).put(650);
  expect(hasty.batchItemFailures).toHaveLength(1);

  time.nowMs = 6 * MINUTE_MS;
  const back = deploy(minutes);
  await back.put(651);
  await back.put(730);

  expect(await rows(minutes)).toMatchObject([
    { from: 0, to: 60, values: { count: 1, sum: 1 } },
    { from: 300, to: 600, values: { count: 1, max: 1 } },
    { from: 600, to: 660, values: { count: 1, sum: 1 } },
  ]);
});

test('a removed metric: a tick long after closes what it left open, with its own aggregates', async () => {
  const { deploy, time, rows, state } = account();
  await deploy(minutes).put(10);
  time.nowMs = 10 * MINUTE_MS;
  const without = { ...minutes, metrics: [{ ...minutes.metrics[0]!, name: 'other' }] };
  const after = deploy(without);

  await after.tick(300);
  expect(await windowsOpen(state)).toBe(1);
  await after.tick(700);

  expect(await windowsOpen(state)).toBe(0);
  expect(await rows(without)).toEqual([{ from: 0, to: 60, rev: 1, values: { count: 1, sum: 1 } }]);
});

test('a metric that comes back after its removal goes on behind what was closed', async () => {
  const { deploy, time, rows } = account();
  await deploy(minutes).put(10);
  time.nowMs = 10 * MINUTE_MS;
  const without = { ...minutes, metrics: [{ ...minutes.metrics[0]!, name: 'other' }] };
  await deploy(without).tick(700);
  const back = deploy(minutes);
  await back.put(710);
  await back.put(800);
  expect(await rows(minutes)).toMatchObject([
    { from: 0, values: { count: 1 } },
    { from: 660, values: { count: 1 } },
  ]);
});

test('a second change does not lower the border that the first has set: published rows stay', async () => {
  const late = (op: string) => onePipeline({ outOfOrderness: '10m', aggregates: ['count', op] });
  const { deploy, rows, state, control, time } = account();
  const first = deploy(late('sum'));
  for (let second = 0; second < 20 * 60; second += 60) await first.put(second);
  time.nowMs = DAY_MS;
  // The windows that the first definition held are published here; the second one counts nothing.
  await deploy(late('max')).put(19 * 60);
  time.nowMs = 2 * DAY_MS;
  const third = late('min');
  const last = deploy(third);
  const before = (await rows(third)).filter(({ from }) => from < 20 * 60);

  // A minute that the first definition has counted.
  await last.put(19 * 60);

  expect(before.length).toBeGreaterThan(15);
  expect((await rows(third)).filter(({ from }) => from < 20 * 60)).toEqual(before);
  expect(await readAccounting(state, control)).toMatchObject({ applied: 20, late: 2 });
});
