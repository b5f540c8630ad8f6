import { readFileSync } from 'node:fs';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { encodedMetadata, METADATA_BYTES_MAX } from '@millrace/adapters/object-rules';
import { STATE_WARN_BYTES } from '@millrace/core/commit/item-size';
import type { KeyValueStore, Log } from '@millrace/core/port';
import { objectMetadata } from '@millrace/core/quarantine/metadata';
import { readRefusals } from '@millrace/core/results/quarantine';
import { readAccounting } from '@millrace/core/results/read';
import { seriesHash } from '@millrace/core/stored/series-hash';
import { createScheduler, type EngineEvent, readTemplate } from '@millrace/engine';
import { createLocalApplication } from '../../../../cli/src/replay/local-application';
import { createStreamConsumer } from '../../../../functions/stream-consumer/stream-consumer';
import { kinesisEvent } from '../../../helper/event-source';
import { onePipeline } from '../../../helper/metric';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

function consumerOf(pipeline: ReturnType<typeof onePipeline>, log: Log) {
  const indexes = { due: { partitionKey: 'dueBucket', sortKey: 'due' } };
  const table = (name: string, options = {}): KeyValueStore =>
    createKeyValueStore({ map: createMemoryMap(), table: name, ...options });
  const stores = {
    state: table('state', { indexes }),
    results: table('results'),
    control: table('control'),
    quarantine: createObjectMemory(),
  };
  const consumer = createStreamConsumer({
    ...{ ...stores, pipeline, transforms: new Map(), log },
    ...{ stateTtlMs: 7 * DAY_MS, retentionMs: DAY_MS },
  });
  return { stores, consumer };
}

test('an item above half of what DynamoDB holds is warned of, long before one is refused', async () => {
  const warnings: Record<string, unknown>[] = [];
  const log: Log = { ...SILENT, warn: (_text, fields) => warnings.push(fields ?? {}) };
  // Windows of 400 minutes are held, each with two texts of 256 units: more than fit.
  const text = (op: string) => ({ op, path: 'text', as: op });
  const aggregates = [text('first'), text('last')];
  const pipeline = onePipeline({ allowedLateness: '400m', aggregates });
  const long = 'x'.repeat(300);
  const { consumer, stores } = consumerOf(pipeline, log);
  for (let from = 0; from < 960; from += 480) {
    const batch = Array.from({ length: 480 }, (_, at) => ({
      shard: 'shard-0',
      sequence: String(1_000 + from + at),
      partitionKey: 'a',
      arrivalMs: START_MS + (from + at) * MINUTE_MS,
      bytes: Buffer.from(
        JSON.stringify({ s: 'a', t: START_MS + (from + at) * MINUTE_MS, v: 1, text: long }),
      ),
    }));
    const answer = await consumer(kinesisEvent(batch), { getRemainingTimeInMillis: () => 60_000 });
    expect(answer).toEqual({ batchItemFailures: [] });
  }

  expect(await readAccounting(stores.state, stores.control)).toMatchObject({ applied: 960 });
  expect(warnings.length).toBeGreaterThan(0);
  const hash = seriesHash({ pk: 'S#m#a', sk: '=a' });
  for (const { metric, seriesHash: named, bytes } of warnings) {
    expect([metric, named]).toEqual(['m', hash]);
    expect(bytes).toBeGreaterThan(STATE_WARN_BYTES);
    expect(bytes).toBeLessThan(409_600);
  }
});

test.each([
  ['ASCII', 'x'],
  ['three bytes each', '端'],
  ['half of a pair', '\ud800'],
  ['percent signs', '%'],
])('metadata of the longest names in %s fits an S3 object', (_name, character) => {
  const long = character.repeat(1_000);
  const place = { stream: long, shard: long, sequence: '9'.repeat(200) };
  const metadata = objectMetadata(
    { ...place, partitionKey: long, arrivalMs: START_MS },
    { reason: 'attempts', detail: long, metric: long, attempt: 1_000 },
  );

  const encoded = encodedMetadata(metadata);

  const bytes = Object.entries(encoded).reduce((sum, [k, v]) => sum + k.length + v.length, 0);
  expect(bytes).toBeLessThanOrEqual(METADATA_BYTES_MAX);
  expect(String(encoded.detail).length).toBeGreaterThan(100);
});

test('a novel thrown by a transform is cut before it is stored', async () => {
  const { stores } = consumerOf(onePipeline(), SILENT);
  const consumer = createStreamConsumer({
    ...stores,
    pipeline: { ...onePipeline(), transform: 'novel' },
    transforms: new Map([
      [
        'novel',
        () => {
          throw new Error('call me Ishmael '.repeat(10_000));
        },
      ],
    ]),
    ...{ log: SILENT, stateTtlMs: 7 * DAY_MS, retentionMs: DAY_MS },
  });
  const bytes = Buffer.from('{"s":"a"}');
  const record = { shard: 's', sequence: '1', partitionKey: 'a', arrivalMs: START_MS, bytes };
  await consumer(kinesisEvent([record]), { getRemainingTimeInMillis: () => 60_000 });

  const [entry] = await readRefusals(stores.control);
  expect(entry?.reason).toBe('transform');
  expect(entry?.detail.length).toBeLessThanOrEqual(500);
});

describe('a flood of new series under one partition key', () => {
  /** Longest time from a healthy record's arrival to the end of its batch, and where it ran. */
  async function play(healthyKey: string, floodSeries: number) {
    const scheduler = createScheduler({ seed: 3, startMs: START_MS - 1_000 });
    const lanes = { healthy: new Set<number>(), flood: new Set<number>() };
    const running = new Map<string, number>();
    let lagMs = 0;
    const observe = (event: EngineEvent) => {
      if (event.kind === 'invoke-start' && event.batch !== null) {
        const isHealthy = healthy.get(event.batch.first);
        lanes[isHealthy === undefined ? 'flood' : 'healthy'].add(event.batch.lane);
        if (isHealthy !== undefined) running.set(event.requestId, isHealthy);
      } else if (event.kind === 'invoke-end') {
        const arrivalMs = running.get(event.requestId);
        if (arrivalMs !== undefined) lagMs = Math.max(lagMs, event.atMs - arrivalMs);
      }
    };
    const records = [
      ...Array.from({ length: 60 }, (_, at) => ({
        key: healthyKey,
        series: 'healthy',
        at: at * 1_000,
      })),
      ...Array.from({ length: floodSeries }, (_, at) => ({
        ...{ key: 'flood', series: `new-${at}`, at: 10_000 + Math.floor(at / 2) },
      })),
    ]
      .sort((a, b) => a.at - b.at)
      .map(({ key, series, at }, index) => ({
        shard: 'shard-0',
        sequence: String(1_000 + index),
        partitionKey: key,
        arrivalMs: START_MS + at,
        data: Buffer.from(JSON.stringify({ s: series, t: START_MS + at, v: 1 })).toString('base64'),
      }));
    const healthy = new Map(
      records
        .filter(({ partitionKey }) => partitionKey === healthyKey)
        .map(({ sequence, arrivalMs }) => [sequence, arrivalMs]),
    );
    const local = createLocalApplication({
      application: readTemplate(readFileSync('template.yaml', 'utf8')),
      ...{ pipeline: onePipeline(), transforms: new Map(), scheduler, log: SILENT, observe },
      shards: [{ id: 'shard-0', parent: null, adjacent: null, hash: null }],
    });
    local.stream.load(records);
    local.engine.start();
    scheduler.at(START_MS + 120_000, () => {});
    await scheduler.run({ done: () => scheduler.nowMs >= START_MS + 120_000 });
    local.engine.stop();
    const { applied } = await readAccounting(local.stores.state, local.stores.control);
    return { lagMs, lanes, applied };
  }

  it('does not slow the series of other keys', async () => {
    const calm = await play('key-2', 0);
    const flooded = await play('key-2', 10_000);

    expect(flooded.applied).toBe(10_060);
    expect([...flooded.lanes.healthy].some((lane) => flooded.lanes.flood.has(lane))).toBe(false);
    expect(Math.abs(flooded.lagMs - calm.lagMs)).toBeLessThan(200);
  }, 60_000);
});
