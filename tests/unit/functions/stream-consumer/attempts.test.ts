import { readFileSync } from 'node:fs';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { UnavailableError } from '@millrace/core/error';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import type { Item, KeyValueStore, Log } from '@millrace/core/port';
import { readRefusals } from '@millrace/core/results/quarantine';
import { readAccounting } from '@millrace/core/results/read';
import { createEngine, createScheduler, createStream, readTemplate } from '@millrace/engine';
import type { KinesisStreamEvent } from 'aws-lambda';
import { ATTEMPTS_MAX, DECODE_ATTEMPTS_MAX } from '../../../../functions/stream-consumer/attempts';
import { createStreamConsumer } from '../../../../functions/stream-consumer/stream-consumer';
import { quarantineOf, textOf } from '../../../helper/quarantine';

const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const TEMPLATE = readFileSync('template.yaml', 'utf8');
const NO_SERIES = 'none';
/** Too large to be kept within its entry, and to be one item of the table. */
const LARGE_WITHOUT_SERIES = 'none, large';
const PAD = 'x'.repeat(700_000);
const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

const { pipeline } = parsePipeline({
  version: 1,
  transform: 'watch',
  metrics: {
    m: {
      series: ['s'],
      time: 't',
      value: 'v',
      window: { type: 'tumbling', size: '1m' },
      aggregates: ['count'],
    },
  },
});

type Port = 'state' | 'results' | 'control' | 'quarantine';

interface Setting {
  readonly batchSize: number;
  readonly series: readonly string[];
  /** Where the record of series `killer` kills its process, and how Lambda learns of it. */
  readonly kills?: { readonly at: 'fold' | 'decode'; readonly by: 'memory' | 'timeout' };
  /** Down or hanging for half an hour. */
  readonly outage?: { readonly port: Port; readonly kind: 'refuses' | 'hangs' };
}

/** The deployed mapping and the real consumer; a process that died does nothing any more. */
async function play(setting: Setting) {
  const scheduler = createScheduler({ seed: 1, startMs: START_MS });
  const stores = createStores();
  let running = { dead: false, die: () => {} };
  const isOut = (port: Port) =>
    setting.outage?.port === port && scheduler.nowMs < START_MS + 1_800_000;

  const guarded = <T extends object>(port: T, name: Port): T =>
    new Proxy(port, {
      get: (target, method) => {
        const call = Reflect.get(target, method);
        if (typeof call !== 'function') return call;
        return async (...args: unknown[]) => {
          if (killsAt('fold') && name === 'state' && holdsKiller(args[0])) running.die();
          if (running.dead) return new Promise(() => {});
          if (isOut(name) && setting.outage?.kind === 'hangs') return new Promise(() => {});
          if (isOut(name)) throw new UnavailableError(`${name} is down`);
          return call.apply(target, args);
        };
      },
    });
  /** Timers of a dead process do not fire. */
  const sleep = async (durationMs: number) => {
    const process = running;
    await scheduler.clock.sleep(durationMs);
    if (process.dead) await new Promise(() => {});
  };
  const killsAt = (at: string) => setting.kills?.at === at;
  const consumer = createStreamConsumer({
    pipeline,
    transforms: new Map([
      [
        'watch',
        (record) => {
          if (killsAt('decode') && record.s === 'killer') running.die();
          return [record];
        },
      ],
    ]),
    state: guarded(stores.state, 'state'),
    results: guarded(stores.results, 'results'),
    control: guarded(stores.control, 'control'),
    quarantine: guarded(stores.quarantine, 'quarantine'),
    log: SILENT,
    clock: { nowMs: scheduler.clock.nowMs, sleep },
    stateTtlMs: 7 * DAY_MS,
    retentionMs: DAY_MS,
  });
  const stream = createStream({
    name: 'Stream',
    scheduler,
    shards: [{ id: 'shard-0', parent: null, adjacent: null, hash: null }],
  });
  stream.load(setting.series.map(recordOf));
  const engine = createEngine({
    application: readTemplate(TEMPLATE, {
      parameters: { BatchSize: String(setting.batchSize), ParallelizationFactor: '1' },
    }),
    scheduler,
    streams: { Stream: stream },
    handlers: {
      StreamConsumer: (event, context) =>
        new Promise((resolve, reject) => {
          running = {
            dead: false,
            die() {
              running.dead = true;
              if (setting.kills?.by === 'memory') reject(new Error('Runtime.OutOfMemory'));
            },
          };
          consumer(event as KinesisStreamEvent, context).then(resolve, reject);
        }),
    },
  });
  engine.start();
  scheduler.at(START_MS + DAY_MS, () => {});
  await scheduler.run({ done: () => engine.idle || scheduler.nowMs >= START_MS + DAY_MS });
  engine.stop();
  return { engine, scheduler, stores };
}

function recordOf(series: string, index: number) {
  const text = JSON.stringify({
    s: series.startsWith(NO_SERIES) ? null : series,
    t: START_MS + index,
    v: 1,
    ...(series === LARGE_WITHOUT_SERIES && { pad: PAD }),
  });
  return {
    shard: 'shard-0',
    sequence: String(101 + index),
    partitionKey: series,
    arrivalMs: START_MS + index,
    data: Buffer.from(text).toString('base64'),
  };
}

/** A commit that holds a window of the killer: folding it is what the process does not survive. */
function holdsKiller(item: unknown): boolean {
  const { pk, body } = item as Item;
  return String(pk).endsWith('#killer') && String(body).includes('"p":[[');
}

function createStores() {
  const indexes = { due: { partitionKey: 'dueBucket', sortKey: 'due' } };
  const table = (name: string, options = {}): KeyValueStore =>
    createKeyValueStore({ map: createMemoryMap(), table: name, ...options });
  return {
    state: table('state', { indexes }),
    results: table('results'),
    control: table('control'),
    quarantine: createObjectMemory(),
  };
}

describe.each([
  ['fold', 'memory', ATTEMPTS_MAX + 1],
  ['fold', 'timeout', ATTEMPTS_MAX + 1],
  ['decode', 'memory', DECODE_ATTEMPTS_MAX + 1],
  ['decode', 'timeout', DECODE_ATTEMPTS_MAX + 1],
] as const)('a record that kills the process in the %s by %s', (at, by, attempt) => {
  it(`is isolated and quarantined at attempt ${attempt}; all others are applied`, async () => {
    const series = ['a', 'b', 'c', 'killer', 'd', 'a', 'b', 'c'];
    const { engine, stores } = await play({ batchSize: 8, series, kills: { at, by } });

    expect(engine.idle).toBe(true);
    expect(engine.stats.discarded).toBe(0);
    expect(await readAccounting(stores.state, stores.control)).toMatchObject({
      applied: 7,
      invalid: 1,
      late: 0,
      duplicate: 0,
    });
    const [entry, ...others] = await quarantineOf(stores);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ reason: 'attempts', sequence: '104', partitionKey: 'killer' });
    expect(entry && textOf(entry)).toContain('"s":"killer"');
    expect(entry?.arrivalMs).toBe(START_MS + 3);
    expect(await readRefusals(stores.control)).toMatchObject([{ attempt }]);
  });

  it('says when it was first and last seen, and leaves no count behind', async () => {
    const { stores } = await play({ batchSize: 8, series: ['killer'], kills: { at, by } });

    const all = (await stores.control.scan()).items;
    const items = all.filter(({ pk }) => pk.startsWith('Q#') || pk.startsWith('N#'));
    const kind = at === 'decode' ? 'unread' : 'invalid';
    expect(items).toEqual([expect.objectContaining({ kind, attempt })]);
    const [{ arrivalMs, lastSeenMs }] = items as unknown as [Record<string, number>];
    expect(arrivalMs).toBe(START_MS);
    // Back-off alone puts seconds between the attempts.
    expect(lastSeenMs).toBeGreaterThan(START_MS + attempt * 1_000);
  });
});

describe.each<['refuses' | 'hangs', Port]>([
  ['refuses', 'state'],
  ['refuses', 'control'],
  ['hangs', 'state'],
])('half an hour in which a dependency %s: %s', (kind, port) => {
  it('quarantines no healthy record, although each is alone in its batch', async () => {
    const series = ['a', 'b', NO_SERIES, 'c'];
    const { engine, stores } = await play({ batchSize: 1, series, outage: { port, kind } });

    expect(engine.idle).toBe(true);
    expect(engine.stats.redelivered).toBeGreaterThan(DECODE_ATTEMPTS_MAX);
    expect(await readAccounting(stores.state, stores.control)).toMatchObject({ applied: 3 });
    expect(await readRefusals(stores.control)).toMatchObject([{ reason: 'series' }]);
  });
});

describe.each(['refuses', 'hangs'] as const)('half an hour in which the bucket %s', (kind) => {
  it('delivers nothing again: the bytes of a large refused record go to the table', async () => {
    const series = ['a', 'b', LARGE_WITHOUT_SERIES, 'c'];
    const outage = { port: 'quarantine', kind } as const;
    const { engine, stores } = await play({ batchSize: 4, series, outage });

    expect(engine.idle).toBe(true);
    expect(engine.stats.redelivered).toBe(0);
    expect(await readAccounting(stores.state, stores.control)).toMatchObject({ applied: 3 });
    const [line] = await quarantineOf(stores);
    expect(line && JSON.parse(textOf(line))).toMatchObject({ s: null, pad: PAD });
    expect((await stores.quarantine.list({ prefix: '' })).keys).toEqual([]);
  });
});
