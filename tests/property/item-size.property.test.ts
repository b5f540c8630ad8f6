/** No state item ever exceeds what DynamoDB takes, whatever the configuration, names and records are. */
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { ITEM_BYTES_MAX, itemBytes } from '@millrace/adapters/table-item';
import { commitGroup } from '@millrace/core/commit/commit-group';
import type { Group, GroupEntry } from '@millrace/core/commit/group';
import { type Definition, defineMetric } from '@millrace/core/fold/definition';
import { stateKey } from '@millrace/core/fold/key';
import {
  BARS_BYTES_MAX,
  KEYS_BYTES_MAX,
  LAST_RECORD_BYTES_MAX,
  LEARNT_BYTES_MAX,
  MARKS_BYTES_MAX,
  OUTBOX_BYTES_MAX,
  sizeOf,
  WINDOWS_BYTES_MAX,
} from '@millrace/core/fold/size';
import type { Metric } from '@millrace/core/pipeline/pipeline';
import type { Item, KeyValueStore } from '@millrace/core/port';
import { oneMetric } from '../helper/metric';
import { type Choices, createChoices } from '../helper/random';
import { bound } from '../helper/run-scenario';
import { seedsFrom, underSeed } from '../helper/seeds';

const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const SEEDS = seedsFrom({ first: 1, count: 10 });

test('the shares of an item are less than DynamoDB takes', () => {
  const shares = [
    ...[WINDOWS_BYTES_MAX, OUTBOX_BYTES_MAX, MARKS_BYTES_MAX],
    ...[KEYS_BYTES_MAX, LEARNT_BYTES_MAX, LAST_RECORD_BYTES_MAX, BARS_BYTES_MAX],
  ];
  expect(shares.reduce((sum, bytes) => sum + bytes)).toBeLessThan(ITEM_BYTES_MAX);
});

/** Characters that take most: in UTF-8, in JSON, in an escaped key. */
const CHARACTERS = ['x', '\u0001', '端', '"', '#', '%', '\ud83d\ude00'];

function longName(choices: Choices, bytesMax: number): string {
  const character = choices.pick(CHARACTERS);
  return character.repeat(Math.floor(bytesMax / Buffer.byteLength(character)));
}

/** Every series of a run: one commit after another against one table. */
class Series {
  readonly sizes: number[] = [];
  readonly key: Group['key'];
  readonly source: { readonly stream: string; readonly shard: string };
  private item: Item | undefined;
  private sequence = 10 ** 9;
  private readonly ports;

  constructor(key: Group['key'], source: Series['source']) {
    this.key = key;
    this.source = source;
    const indexes = { due: { partitionKey: 'dueBucket', sortKey: 'due' } };
    const state = table('state', { indexes });
    this.ports = {
      state: {
        ...bound(state),
        put: (item: Item, condition?: Parameters<KeyValueStore['put']>[1]) => {
          this.sizes.push(itemBytes(item));
          return state.put(item, condition);
        },
      },
      results: table('results'),
      control: table('control'),
      quarantine: createObjectMemory(),
    };
  }

  async commit(
    definition: Definition,
    measurements: readonly { eventMs: number; arrivalMs: number; input: unknown; id?: string }[],
    shard = this.source.shard,
  ): Promise<void> {
    const entries = measurements.map(
      ({ eventMs, arrivalMs, input, id }, at): GroupEntry => ({
        recordIndex: at,
        sequence: String(this.sequence++).padEnd(56, '7'),
        sub: 0,
        arrivalMs,
        measurement: {
          kind: 'measurement',
          metric: definition.metric,
          series: this.key.series,
          eventMs,
          inputs: [typeof input === 'number' ? input : 1, input as string],
          dedupeKey: id ?? null,
        },
        refuse: null,
      }),
    );
    const sources = { of: () => ({ bytes: () => new Uint8Array(1) }) };
    const { stream } = this.source;
    const group: Group = { key: this.key, definition, stream, shard, sources, entries };
    const options = { ports: this.ports, retentionMs: 365 * DAY_MS, hasTime: () => true };
    const { error, failedAt } = await commitGroup(group, this.item, options);
    expect({ error, failedAt }).toEqual({ error: null, failedAt: null });
    [this.item] = await this.ports.state.getMany([stateKey(this.key)]);
  }
}

function table(name: string, options = {}): KeyValueStore {
  return createKeyValueStore({ map: createMemoryMap(), table: name, ...options });
}

/** As many windows as `millrace check` lets through, whatever makes it refuse more. */
function mostWindows(metricOf: (windows: number) => Record<string, unknown>): number {
  let windows = 10;
  for (;;) {
    try {
      oneMetric(metricOf(windows + 10));
    } catch {
      return windows;
    }
    windows += 10;
  }
}

test('one record closes all windows of an incident with a long name, in one commit', async () => {
  const ofSeconds = (seconds: number) => ({
    ...{ window: { type: 'tumbling', size: '1s' }, outOfOrderness: `${seconds}s` },
    ...{ allowedLateness: '0s', aggregates: ['sum'] },
    detect: { detector: 'default', on: 'sum' },
  });
  const seconds = mostWindows(ofSeconds);
  const name = 'n'.repeat(250);
  const metric = { ...oneMetric(ofSeconds(seconds)), name };
  const definition = defineMetric(metric, 7 * DAY_MS);
  const series = new Series({ metric: name, partitionKey: name, series: name }, SOURCE);

  const measurements = Array.from({ length: seconds }, (_, at) => ({
    ...{ eventMs: START_MS + at * 1000, arrivalMs: START_MS + seconds * 1000 },
    // Learnt for a while, and worse with every window from then on.
    input: at < 20 ? 1 : 1.5 ** at,
  }));
  await series.commit(definition, measurements);
  await series.commit(definition, [
    { eventMs: START_MS + DAY_MS, arrivalMs: START_MS + DAY_MS, input: 1 },
  ]);

  expect(seconds).toBeGreaterThan(100);
  expect(Math.max(...series.sizes)).toBeGreaterThan(50_000);
});

const SOURCE = { stream: 'stream', shard: 'shard-0' };

const AGGREGATES = [
  ['count'],
  ['count', 'sum', 'mean', 'min', 'max', 'variance'],
  ['count', 'p99'],
  [
    { op: 'first', path: 'x', as: 'first' },
    { op: 'last', path: 'x', as: 'last' },
  ],
  [{ op: 'top', path: 'x', as: 'top' }],
  [{ op: 'top', path: 'x', as: 'top', k: 40 }],
  ['count', { op: 'distinct', path: 'x', as: 'distinct' }],
];

/** A metric whose windows `check` lets through, as many as it does. */
function fullMetric(
  choices: Choices,
  name: string,
  detect: boolean,
  maxFutureSkew: string,
): Metric {
  const aggregates = choices.pick(detect ? AGGREGATES.slice(0, 3) : AGGREGATES);
  const share = choices.pick([0, 0.3, 1]);
  const dedupe = choices.chance(0.3) ? { by: 'eventId' as const, path: 'id' } : undefined;
  const metricOf = (windows: number) => {
    const open = Math.floor(windows * share);
    return {
      ...oneMetric({
        window: { type: 'tumbling', size: '1s' },
        ...{ outOfOrderness: '0s', allowedLateness: '0s', idleClose: '1h', aggregates },
        maxFutureSkew,
        ...(dedupe && { dedupe }),
        ...(detect && { detect: { detector: 'default', on: 'count' } }),
      }),
      ...{ name, outOfOrdernessMs: open * 1000, allowedLatenessMs: (windows - open) * 1000 },
    };
  };
  let windows = 4;
  while (windows < 3000 && sizeOf(metricOf(windows * 2)).error === undefined) windows *= 2;
  for (let step = windows / 2; step >= 1; step = Math.floor(step / 2)) {
    if (sizeOf(metricOf(windows + step)).error === undefined) windows += step;
  }
  return metricOf(windows);
}

function inputOf(choices: Choices, texts: readonly string[]): unknown {
  if (choices.chance(0.3)) return choices.next() * 10 ** choices.int(300);
  return `${choices.int(1e9)}${choices.pick(texts)}`;
}

/** Counts that grow from window to window by more than the detector has seen: incidents that get worse. */
function burst(choices: Choices, at: number): number {
  return choices.chance(0.4) ? 1 + (at % 12) : 1;
}

test('no item is refused, and none is larger than its shares', async () => {
  const sizes: number[] = [];
  for (const seed of SEEDS) {
    await underSeed(seed, async () => {
      const choices = createChoices(seed);
      const isLong = choices.chance(0.6);
      const name = isLong ? longName(choices, 256) : 'm';
      const series = new Series(
        {
          metric: name,
          partitionKey: isLong ? longName(choices, 512) : 'p',
          series: isLong ? longName(choices, 512) : 's',
        },
        { stream: 's'.repeat(isLong ? 128 : 10), shard: 'shardId-000000000000' },
      );
      const texts = CHARACTERS.map((character) => character.repeat(300));
      const detect = choices.chance(0.5);
      const clocks = createChoices(seed ^ 0xfa57);
      const skew = clocks.pick(['0s', '1m', '36500d']);
      let definition = defineMetric(fullMetric(choices, name, detect, skew), 400 * DAY_MS, 1);
      const shards = choices.chance(0.25) ? 600 : 1;
      const at = (eventMs: number, arrivalMs: number) => ({
        ...{ eventMs, arrivalMs, input: inputOf(choices, texts) },
        id: `s${String(choices.int(1e6)).padStart(40, 'x')}`,
      });
      for (let shard = 0; shard < shards; shard++) {
        const id = `shardId-${String(shard).padStart(12, '0')}`;
        await series.commit(definition, [at(START_MS, START_MS)], id);
      }

      let nowMs = START_MS;
      for (let phase = 0; phase < 5; phase++) {
        const { metric } = definition;
        const spanMs = metric.outOfOrdernessMs + metric.allowedLatenessMs;
        const windows = Math.min(1_200, spanMs / 1000);
        const arrivedMs = nowMs + windows * 1000;
        const records = [];
        // Fast clocks, before, among and behind the others.
        const planted = metric.maxFutureSkewMs > 60_000 ? clocks.int(400) : 0;
        const plant = () => at(arrivedMs + (2 + clocks.int(30_000)) * DAY_MS, arrivedMs);
        for (let n = 0; n < planted; n++) records.push(plant());
        for (let window = 0; window < windows; window++) {
          const eventMs = nowMs + window * 1000;
          for (let n = burst(choices, window); n > 0; n--) records.push(at(eventMs, arrivedMs));
          if (planted > 0 && clocks.chance(0.2)) records.push(plant());
        }
        // Some of them once more, behind the watermark, and one that closes all.
        for (let n = 0; n < 300; n++) {
          records.push(at(nowMs + choices.int(Math.max(1, windows)) * 1000, arrivedMs));
        }
        nowMs += spanMs + windows * 1000 + 1000;
        const last = choices.pick(['event', 'idle', 'definition']);
        if (last === 'event') records.push(at(nowMs, nowMs));
        if (last === 'idle') nowMs += 2 * 3_600_000;
        await series.commit(definition, records.slice(0, 100));
        await series.commit(definition, records.slice(100));
        if (last === 'definition') {
          const next = fullMetric(choices, name, detect, skew);
          definition = defineMetric(next, 400 * DAY_MS, definition.number + 1);
        }
      }
      sizes.push(Math.max(...series.sizes));
      expect(Math.max(...series.sizes)).toBeLessThanOrEqual(ITEM_BYTES_MAX);
    });
  }
  const [largest = 0, median = 0] = [Math.max(...sizes), sizes.sort((a, b) => a - b)[5]];
  process.stderr.write(`  largest items: ${largest}, median ${median}\n`);
  // A test whose items are small would prove nothing.
  expect(largest).toBeGreaterThan(250_000);
}, 300_000);
