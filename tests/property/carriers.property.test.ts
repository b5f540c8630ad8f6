/**
 * One series whose measurements come plain and in aggregates of several carriers, through the lanes of
 * two shards, under redelivery, zombies, other numbers of lanes, and writes that fail or land late:
 * every record counts once, and every row that is owed gets written.
 */
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { commitGroup } from '@millrace/core/commit/commit-group';
import type { Group, GroupEntry } from '@millrace/core/commit/group';
import { UnavailableError } from '@millrace/core/error';
import { defineMetric } from '@millrace/core/fold/definition';
import { stateKey } from '@millrace/core/fold/key';
import { carrierMark } from '@millrace/core/fold/marks';
import type { Item, KeyValueStore } from '@millrace/core/port';
import { readAccounting, readRows } from '@millrace/core/results/read';
import { onePipeline } from '../helper/metric';
import { type Choices, createChoices } from '../helper/random';
import { bound } from '../helper/run-scenario';
import { seedsFrom, underSeed } from '../helper/seeds';

const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const SEEDS = seedsFrom({ first: 1, count: 40 });
const ROUNDS = 12;
/**
 * Values of one window are different powers of two: its sum says which of them it holds. Few, so that a row
 * which was lost is seldom written anew by a later record.
 */
const RECORDS_PER_WINDOW = 3;
const WINDOW_MS = 1_000;
/** Behind every event time: what arrives moves the watermark to its own time, and not beyond. */
const ARRIVALS_MS = START_MS + DAY_MS;
/** `p` is the series' own partition key: such records are plain. */
const CARRIERS = ['p', 'a', 'b', 'c#%', 'p'];
const LANES = [1, 4, 10];

// Nothing waits for a watermark: nearly every commit owes a row.
const pipeline = onePipeline({
  ...{ outOfOrderness: '0s', allowedLateness: '5m', idleClose: '300d' },
  window: { type: 'tumbling', size: '1s' },
});
const definition = defineMetric(pipeline.metrics[0] as never, 400 * DAY_MS);
const key = { metric: 'm', partitionKey: 'p', series: 's' };

interface Sent {
  readonly index: number;
  readonly carrier: string;
  readonly arrivalMs: number;
  acknowledged: boolean;
}

interface Shard {
  readonly name: string;
  readonly records: Sent[];
}

function entryOf({ index, carrier, arrivalMs }: Sent, at: number, shard: string): GroupEntry {
  return {
    recordIndex: at,
    sequence: String(1_000 + index),
    sub: 0,
    arrivalMs,
    mark: carrier === key.partitionKey ? null : carrierMark(carrier, `stream/${shard}`),
    measurement: {
      kind: 'measurement',
      metric: definition.metric,
      series: key.series,
      eventMs: START_MS + Math.floor(index / RECORDS_PER_WINDOW) * WINDOW_MS,
      inputs: [2 ** (index % RECORDS_PER_WINDOW)],
      dedupeKey: null,
    },
    refuse: null,
  };
}

/** The bytes of a batch's records, by their place in it. */
function sourcesOf(batch: readonly Sent[]): Group['sources'] {
  return { of: (at) => ({ bytes: () => new TextEncoder().encode(String(batch[at]?.index)) }) };
}

class Run {
  readonly choices: Choices;
  readonly shards: readonly Shard[] = ['one', 'two'].map((name) => ({ name, records: [] }));
  readonly raw = {
    state: table('state', { indexes: { due: { partitionKey: 'dueBucket', sortKey: 'due' } } }),
    results: table('results'),
    control: table('control'),
    quarantine: createObjectMemory(),
  };
  /** Puts whose caller has been told that they failed, and which land some time later. */
  readonly landing: (() => Promise<unknown>)[] = [];
  readonly seen = { redelivered: 0, conflicts: 0, failures: 0, mixed: 0 };
  lanes = 4;
  sent = 0;
  faulty = true;

  constructor(seed: number) {
    this.choices = createChoices(seed);
  }

  async play(): Promise<void> {
    const { choices } = this;
    for (let round = 0; round < ROUNDS; round++) {
      for (let count = choices.int(40); count > 0; count--) {
        const arrivalMs = ARRIVALS_MS + this.sent;
        const carrier = choices.pick(CARRIERS);
        const sent = { index: this.sent++, carrier, arrivalMs, acknowledged: false };
        choices.pick(this.shards).records.push(sent);
      }
      while (this.shards.some(({ records }) => records.some((each) => !each.acknowledged))) {
        if (choices.chance(0.1)) this.lanes = choices.pick(LANES);
        await this.deliver();
        await this.land(0.2);
      }
    }
    await this.land(1);
    this.faulty = false;
    await this.close();
  }

  /** One batch of one lane, from its first unacknowledged record or from before it; now and then twice. */
  private async deliver(): Promise<void> {
    const { choices } = this;
    const shard = choices.pick(this.shards);
    const lane = choices.int(this.lanes);
    const ofLane = shard.records.filter(({ carrier }) => laneOf(carrier, this.lanes) === lane);
    const waiting = ofLane.findIndex(({ acknowledged }) => !acknowledged);
    if (waiting === -1) return;
    const from = Math.max(0, waiting - (choices.chance(0.3) ? choices.int(20) : 0));
    const records = ofLane.slice(from, waiting + 1 + choices.int(20));
    if (new Set(records.map(({ carrier }) => carrier)).size > 1) this.seen.mixed += 1;
    const entries = records.map((each, at) => entryOf(each, at, shard.name));
    const sources = sourcesOf(records);
    const group = { key, definition, stream: 'stream', shard: shard.name, sources, entries };
    const zombie = choices.chance(0.2) ? this.commit(group, await this.load()) : null;
    const failedAt = await this.commit(group, await this.load());
    await zombie;
    for (const each of records.slice(0, failedAt ?? records.length)) each.acknowledged = true;
  }

  private async load(): Promise<Item | undefined> {
    const [item] = await this.raw.state.getMany([stateKey(key)]);
    return item;
  }

  private async commit(group: Group, loaded: Item | undefined): Promise<number | null> {
    const { state, results, control, quarantine } = this.raw;
    const ports = {
      ...{ state: this.flaky(state), results: this.flaky(results), control, quarantine },
    };
    const options = { ports, retentionMs: DAY_MS, hasTime: () => true };
    const { failedAt, error, tally } = await commitGroup(group, loaded, options);
    if (failedAt !== null && !/Unavailable|Conflict/.test(String(error))) throw error;
    this.seen.redelivered += tally.redelivered;
    this.seen.conflicts += tally.conflicts;
    if (failedAt !== null) this.seen.failures += 1;
    return failedAt;
  }

  /** Puts that fail before they land, after it, or land much later. */
  private flaky(store: KeyValueStore): KeyValueStore {
    return {
      ...bound(store),
      put: async (item, condition) => {
        if (this.choices.chance(0.3)) await this.land(0.5);
        const fate = this.faulty ? this.choices.next() : 1;
        if (fate < 0.05) throw new UnavailableError('the write did not land');
        if (fate < 0.1) {
          this.landing.push(() => store.put(item, condition));
          throw new UnavailableError('the write has not landed yet');
        }
        const answer = await store.put(item, condition);
        if (fate < 0.15) throw new UnavailableError('the write landed, the answer did not');
        return answer;
      },
    };
  }

  private async land(probability: number): Promise<void> {
    for (const write of this.landing.splice(0)) {
      if (this.choices.chance(probability)) await write();
      else this.landing.push(write);
    }
  }

  private async close(): Promise<void> {
    const last = { index: this.sent, carrier: 'p', acknowledged: false };
    const tick = { ...last, arrivalMs: ARRIVALS_MS + 301 * DAY_MS };
    const entries = [{ ...entryOf(tick, 0, 'one'), measurement: null }];
    const sources = sourcesOf([tick]);
    const group = { key, definition, stream: 'stream', shard: 'one', sources, entries };
    expect(await this.commit(group, await this.load())).toBeNull();
  }
}

/** Any hash does: what matters is that a carrier has one lane, and that lanes have several. */
function laneOf(carrier: string, lanes: number): number {
  return (carrier.charCodeAt(0) + carrier.length) % lanes;
}

function table(name: string, options = {}): KeyValueStore {
  return createKeyValueStore({ map: createMemoryMap(), table: name, ...options });
}

/** Indexes of the records that the rows hold, by the bits of their sums. */
async function indexesIn(run: Run): Promise<number[]> {
  const indexes: number[] = [];
  for (const { startMs, values } of await readRows(run.raw.results, pipeline)) {
    const first = ((startMs - START_MS) / WINDOW_MS) * RECORDS_PER_WINDOW;
    const held = Array.from({ length: RECORDS_PER_WINDOW }, (_, at) => at).filter(
      (at) => Math.floor(Number(values.sum) / 2 ** at) % 2 === 1,
    );
    expect(values.count).toBe(held.length);
    indexes.push(...held.map((at) => first + at));
  }
  return indexes;
}

test('every record counts once, whichever carriers bring it through whichever lanes', async () => {
  const total = { records: 0, redelivered: 0, conflicts: 0, failures: 0, mixed: 0 };
  for (const seed of SEEDS) {
    await underSeed(seed, async () => {
      const run = new Run(seed);
      await run.play();

      const all = Array.from({ length: run.sent }, (_, index) => index);
      expect(await indexesIn(run)).toEqual(all);
      expect(await readAccounting(run.raw.state, run.raw.control)).toMatchObject({
        ...{ applied: run.sent, invalid: 0, late: 0 },
      });
      total.records += run.sent;
      for (const name of ['redelivered', 'conflicts', 'failures', 'mixed'] as const) {
        total[name] += run.seen[name];
      }
    });
  }
  process.stderr.write(`  carriers: ${JSON.stringify(total)}\n`);
  expect(Math.min(...Object.values(total))).toBeGreaterThan(0);
}, 120_000);
