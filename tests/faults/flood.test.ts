/**
 * A producer goes wrong: a minute of a thousand bad records a second in one shard, through the real
 * handlers with the settings of template.yaml. Its healthy neighbours must not wait for it.
 */
import { readFileSync } from 'node:fs';
import { countMeasurements } from '@millrace/adapters/kinesis/count';
import { UnavailableError } from '@millrace/core/error';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import type { Item, KeyValueStore, ObjectStore } from '@millrace/core/port';
import { INLINE_BYTES_MAX } from '@millrace/core/quarantine/bytes';
import { readRows } from '@millrace/core/results/read';
import { readTemplate, type Scheduler } from '@millrace/engine';
import type { KinesisStreamEvent } from 'aws-lambda';
import { missing } from '../../cli/src/replay/accounting';
import { createFaultRun, type Disturbance } from '../../cli/src/replay/faults';
import { equalShards } from '../../cli/src/replay/hash-range';
import { runReplay } from '../../cli/src/replay/run-replay';
import type { Source } from '../../cli/src/replay/source';
import { type Choices, createChoices } from '../helper/random';
import { bound } from '../helper/run-scenario';

const START_MS = Date.UTC(2026, 0, 5);
const SECONDS = 60;
const BAD_A_SECOND = 1_000;
const BAD = SECONDS * BAD_A_SECOND;
const SERIES = 8;
const KEYS = 200;
const END_MS = START_MS + SECONDS * 1_000;
/** What the healthy series may be behind when the stream ends. */
const BEHIND_MS_MAX = 10_000;
/** Of one partition of a DynamoDB table, a second. */
const WRITE_UNITS_MAX = 1_000;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The engine takes some seconds for a minute of this, on a busy machine many. */
jest.setTimeout(300_000);

const METRIC = { series: ['host'], time: 't', window: { type: 'tumbling', size: '10s' } };
const PIPELINE = {
  version: 1,
  metrics: {
    load: { ...METRIC, value: 'load', aggregates: ['count', 'sum'] },
    heat: { ...METRIC, value: 'heat', aggregates: ['count', 'max'] },
    // Bad records are for this one alone, or for all three.
    odd: { ...METRIC, match: { kind: 'odd' }, value: 'odd', aggregates: ['count'] },
  },
};
const { pipeline } = parsePipeline(PIPELINE);
const application = readTemplate(readFileSync('template.yaml', 'utf8'), {
  parameters: {},
  source: 'template.yaml',
});

interface Sent {
  readonly partitionKey: string;
  readonly bytes: Buffer;
}

const json = (record: unknown): Buffer => Buffer.from(JSON.stringify(record));

/** One record that is refused; each tenth is too large for its entry. */
function badRecord(choices: Choices, atMs: number, index: number): Sent {
  const host = `bad ${choices.int(KEYS)}`;
  const good = { host, t: atMs, load: 1, heat: 20 };
  const ample = index % 10 === 0 ? { text: 'x'.repeat(INLINE_BYTES_MAX) } : {};
  const bytes = choices.pick([
    () => Buffer.from(`${JSON.stringify({ ...good, ...ample }).slice(0, -1)}, oops`),
    () => json({ ...good, ...ample, host: undefined }),
    () => json({ ...good, ...ample, t: 'soon' }),
    () => json({ ...good, ...ample, t: atMs + 86_400_000 }),
    () => json({ ...good, ...ample, kind: 'odd', load: 'high', heat: null, odd: [] }),
  ])();
  return { partitionKey: host, bytes };
}

function flood(): { readonly source: Source; readonly healthy: ReadonlySet<string> } {
  const choices = createChoices(9);
  const records: Source['records'][number][] = [];
  const healthy = new Set<string>();
  const [shard] = equalShards(1);
  const put = (arrivalMs: number, { partitionKey, bytes }: Sent): string => {
    const sequence = `49${String(records.length + 1).padStart(38, '0')}${'0'.repeat(16)}`;
    const data = bytes.toString('base64');
    records.push({ shard: shard!.id, sequence, partitionKey, arrivalMs, data });
    return sequence;
  };
  for (let index = 0; index < BAD; index++) {
    const atMs = START_MS + Math.floor((index * 1_000) / BAD_A_SECOND);
    put(atMs, badRecord(choices, atMs, index));
    if (index % BAD_A_SECOND !== BAD_A_SECOND - 1) continue;
    for (let host = 0; host < SERIES; host++) {
      const bytes = json({ host: `host ${host}`, t: atMs, load: host, heat: 20 + host });
      healthy.add(put(atMs, { partitionKey: `host ${host}`, bytes }));
    }
  }
  const measured = records.reduce(
    (sum, record) => sum + countMeasurements(record, pipeline, new Map()),
    0,
  );
  const arrivals = { firstMs: START_MS, lastMs: records.at(-1)!.arrivalMs };
  return { source: { shards: [shard!], records, in: measured, arrivals }, healthy };
}

/** Sees every write that reaches a store, and when. */
class Writes {
  readonly count = { control: 0, state: 0, results: 0, objects: 0, refused: 0 };
  readonly #units = new Map<string, number>();
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Most units that one partition took in one second. */
  get hottest(): { readonly at: string; readonly units: number } {
    const [at = 'none', units = 0] =
      [...this.#units].sort(([, one], [, other]) => other - one)[0] ?? [];
    return { at, units };
  }

  table(name: 'control' | 'state' | 'results', raw: KeyValueStore): KeyValueStore {
    const note = (item: object & { readonly pk: string }) => {
      this.count[name]++;
      const second = Math.floor(this.#scheduler.nowMs / 1_000);
      const at = `${name} ${item.pk} ${second}`;
      // JSON is larger than what DynamoDB counts, by its quotes and commas.
      const units = Math.ceil(Buffer.byteLength(JSON.stringify(item)) / 1_024);
      this.#units.set(at, (this.#units.get(at) ?? 0) + units);
    };
    return {
      ...bound(raw),
      put: (item, condition) => {
        note(item);
        return raw.put(item, condition);
      },
      update: (key, set, condition) => {
        note({ ...key, ...set });
        return raw.update(key, set, condition);
      },
      increment: (key, attribute, by, set) => {
        note({ ...key, ...set, [attribute]: by });
        return raw.increment(key, attribute, by, set);
      },
      delete: (key) => {
        note(key);
        return raw.delete(key);
      },
    };
  }

  bucket(raw: ObjectStore, isAway: boolean): ObjectStore {
    return {
      get: (key) => raw.get(key),
      list: (options) => raw.list(options),
      delete: (key) => raw.delete(key),
      create: (...put) => {
        if (isAway) {
          this.count.refused++;
          throw new UnavailableError('S3 is away');
        }
        this.count.objects++;
        return raw.create(...put);
      },
    };
  }
}

async function run(isS3Away: boolean) {
  const { source, healthy } = flood();
  const spanMs = [source.arrivals!.firstMs, source.arrivals!.lastMs] as const;
  const plan = { name: 'none', calm: 1, endAfterMs: 0, faults: [] };
  const acknowledgedMs = new Map<string, number>();
  let writes: Writes | undefined;
  const { accounting, stores, stats } = await runReplay({
    ...{ application, pipeline, source, transforms: new Map(), seed: 9, log: SILENT },
    speed: Number.POSITIVE_INFINITY,
    onProgress: () => undefined,
    disturb: (scheduler): Disturbance => {
      const inner = createFaultRun({ plan, seed: 9, scheduler, spanMs, injected: [] }).disturbance;
      const seen = new Writes(scheduler);
      writes = seen;
      const watch = (name: string, raw: object): object => {
        if (name === 'quarantine') return seen.bucket(raw as ObjectStore, isS3Away);
        if (name !== 'control' && name !== 'state' && name !== 'results') return raw;
        return seen.table(name, raw as KeyValueStore);
      };
      return {
        ...inner,
        quiet: true,
        port: (name, raw, latencyMs) => inner.port(name, watch(name, raw) as typeof raw, latencyMs),
        handler: (id, handler) =>
          inner.handler(id, async (event, context) => {
            const answer = await handler(event, context);
            if (id === 'StreamConsumer') {
              expect(answer).toEqual({ batchItemFailures: [] });
              for (const { kinesis } of (event as KinesisStreamEvent).Records) {
                acknowledgedMs.set(kinesis.sequenceNumber, scheduler.nowMs);
              }
            }
            return answer;
          }),
      };
    },
  });
  const lastMs = Math.max(...[...healthy].map((sequence) => acknowledgedMs.get(sequence)!));
  return { accounting, stores, stats, writes: writes!, behindMs: lastMs - END_MS };
}

async function everyItem(store: KeyValueStore): Promise<Item[]> {
  const found: Item[] = [];
  for (let after: string | undefined; ; ) {
    const { items, next } = await store.scan(after === undefined ? {} : { after });
    found.push(...items);
    if (next === undefined) return found;
    after = next;
  }
}

describe.each([
  ['S3 answers', false],
  ['S3 is away all the time', true],
])('a thousand bad records a second for a minute, while %s', (_name, isS3Away) => {
  let ran: Awaited<ReturnType<typeof run>>;
  beforeAll(async () => {
    ran = await run(isS3Away);
  });

  it('healthy series are applied within ten seconds of the end', async () => {
    expect(ran.behindMs).toBeLessThan(BEHIND_MS_MAX);
    const rows = await readRows(ran.stores.results, pipeline);
    const of = (metric: string) => rows.filter((row) => row.metric === metric);
    for (const metric of ['load', 'heat']) {
      const counted = of(metric).reduce((sum, { values }) => sum + Number(values.count), 0);
      expect({ metric, counted }).toEqual({ metric, counted: SECONDS * SERIES });
    }
    expect(of('odd')).toEqual([]);
  });

  it('the accounting is exact', () => {
    const { accounting } = ran;
    expect(missing(accounting)).toBe(0);
    expect(accounting).toMatchObject({
      ...{ records: BAD + SECONDS * SERIES, applied: 2 * SECONDS * SERIES },
      ...{ late: 0, duplicate: 0, unmatched: 0, redelivered: 0 },
    });
    expect(accounting.invalid).toBeGreaterThan(BAD);
  });

  it('each bad record is one entry, evenly over the partitions', async () => {
    const partitions = new Map<string, number>();
    for (const { pk } of await everyItem(ran.stores.control)) {
      if (pk.startsWith('Q#')) partitions.set(pk, (partitions.get(pk) ?? 0) + 1);
    }
    const sizes = [...partitions.values()];
    expect(sizes).toHaveLength(16);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(BAD);
    expect(Math.max(...sizes)).toBeLessThan((BAD / 16) * 1.1);
  });

  it('no partition takes more writes than DynamoDB lets it', () => {
    expect(ran.writes.hottest.units).toBeGreaterThan(0);
    expect(ran.writes.hottest.units).toBeLessThan(WRITE_UNITS_MAX);
  });

  it('a bad record costs one write, a large one another', () => {
    const large = BAD / 10;
    const { control, objects, refused } = ran.writes.count;
    // One more lists the shard.
    expect({ control, objects, refused }).toEqual({
      control: 1 + BAD + (isS3Away ? large : 0),
      objects: isS3Away ? 0 : large,
      refused: isS3Away ? large : 0,
    });
  });
});
