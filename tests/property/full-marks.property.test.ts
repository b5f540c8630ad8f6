/**
 * More shards than a series keeps marks of, under redelivery, zombies and writes that fail or land late:
 * every record is either in a row or in quarantine, and in one of them once.
 */
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { commitGroup } from '@millrace/core/commit/commit-group';
import type { Group, GroupEntry } from '@millrace/core/commit/group';
import { UnavailableError } from '@millrace/core/error';
import { defineMetric } from '@millrace/core/fold/definition';
import { stateKey } from '@millrace/core/fold/key';
import type { Item, KeyValueStore } from '@millrace/core/port';
import { readAccounting, readRows } from '@millrace/core/results/read';
import { onePipeline } from '../helper/metric';
import { quarantineOf, textOf } from '../helper/quarantine';
import { type Choices, createChoices } from '../helper/random';
import { bound } from '../helper/run-scenario';
import { seedsFrom, underSeed } from '../helper/seeds';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 0, 5);
const RETENTION_MS = DAY_MS;
const SHARDS = 9;
const MARKS_MAX = 3;
const ROUNDS = 14;
/** Values of one window are different powers of two: its sum says which of them it holds. */
const RECORDS_PER_WINDOW = 50;
const SEEDS = seedsFrom({ first: 1, count: 30 });

const pipeline = onePipeline({ outOfOrderness: '1h', allowedLateness: '1h', idleClose: '300d' });
const definition = defineMetric(pipeline.metrics[0] as never, 400 * DAY_MS);
const key = { metric: 'm', partitionKey: 'p', series: 's' };

interface Sent {
  readonly index: number;
  readonly arrivalMs: number;
}

interface Shard {
  readonly name: string;
  readonly records: Sent[];
  acknowledged: number;
}

function entryOf({ index, arrivalMs }: Sent, recordIndex: number): GroupEntry {
  return {
    recordIndex,
    sequence: String(1_000 + index),
    sub: 0,
    arrivalMs,
    measurement: {
      kind: 'measurement',
      metric: definition.metric,
      series: key.series,
      eventMs: START_MS + Math.floor(index / RECORDS_PER_WINDOW) * 60_000,
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
  readonly shards: Shard[];
  readonly raw = {
    state: table('state', { indexes: { due: { partitionKey: 'dueBucket', sortKey: 'due' } } }),
    results: table('results'),
    control: table('control'),
    quarantine: createObjectMemory(),
  };
  /** Puts whose caller has been told that they failed, and which land some time later. */
  readonly landing: (() => Promise<unknown>)[] = [];
  readonly seen = { redelivered: 0, flagged: 0, cleared: 0, conflicts: 0, failures: 0 };
  nowMs = START_MS;
  sent = 0;
  faulty = true;

  constructor(seed: number) {
    this.choices = createChoices(seed);
    this.shards = Array.from({ length: SHARDS }, (_, at) => ({
      name: `shard-${at}`,
      records: [],
      acknowledged: 0,
    }));
  }

  async play(): Promise<void> {
    const { choices } = this;
    for (let round = 0; round < ROUNDS; round++) {
      this.produce();
      while (this.shards.some(({ records, acknowledged }) => acknowledged < records.length)) {
        await this.deliver();
        await this.land(0.2);
      }
      this.nowMs += choices.int(choices.chance(0.2) ? 3 * DAY_MS : 10 * HOUR_MS);
    }
    await this.land(1);
    this.faulty = false;
    await this.close();
  }

  private produce(): void {
    const { choices } = this;
    for (let count = choices.int(40); count > 0; count--) {
      this.nowMs += choices.int(1_000);
      const shard = choices.pick(this.shards.slice(0, choices.pick([2, 4, SHARDS])));
      shard.records.push({ index: this.sent++, arrivalMs: this.nowMs });
    }
  }

  /** One batch, from its shard's position or from before it; now and then by two consumers at once. */
  private async deliver(): Promise<void> {
    const { choices } = this;
    const waiting = this.shards.filter((s) => s.acknowledged < s.records.length);
    const shard = choices.pick(choices.chance(0.3) ? this.shards : waiting);
    const kept = shard.records.findIndex(({ arrivalMs }) => arrivalMs > this.nowMs - RETENTION_MS);
    if (kept === -1) return;
    const back = choices.chance(0.4) ? choices.int(30) : 0;
    const from = Math.max(kept, shard.acknowledged - back);
    const to = Math.min(shard.records.length, from + 1 + choices.int(30));
    const group = this.groupOf(shard, from, to);
    if (group.entries.length === 0) return;
    const stale = choices.chance(0.2) ? this.commit(group, await this.load()) : null;
    const failedAt = await this.commit(group, await this.load());
    await stale;
    if (shard.acknowledged < from) return;
    shard.acknowledged = Math.max(shard.acknowledged, failedAt === null ? to : from + failedAt);
  }

  private groupOf(shard: Shard, from: number, to: number): Group {
    const batch = shard.records.slice(from, to);
    const entries = batch.map(entryOf);
    const sources = sourcesOf(batch);
    return { key, definition, stream: 'stream', shard: shard.name, sources, entries };
  }

  private async load(): Promise<Item | undefined> {
    const [item] = await this.raw.state.getMany([stateKey(key)]);
    return item;
  }

  private async commit(group: Group, loaded: Item | undefined): Promise<number | null> {
    const { state, results, control, quarantine } = this.raw;
    const ports = {
      state: this.flaky(state),
      results: this.flaky(results),
      control: this.flaky(control),
      quarantine,
    };
    const options = { ports, retentionMs: RETENTION_MS, marksMax: MARKS_MAX, hasTime: () => true };
    const { failedAt, error, tally } = await commitGroup(group, loaded, options);
    if (failedAt !== null && !/Unavailable|Conflict/.test(String(error))) throw error;
    this.seen.redelivered += tally.redelivered;
    this.seen.conflicts += tally.conflicts;
    if (failedAt !== null) this.seen.failures += 1;
    const { f, m } = JSON.parse(String((await this.load())?.body ?? '{"m":[]}'));
    expect(m.length).toBeLessThanOrEqual(MARKS_MAX);
    if (f !== undefined) this.seen.flagged += 1;
    else if (this.seen.flagged > 0) this.seen.cleared += 1;
    return failedAt;
  }

  /** Puts that fail before they land, after it, or land much later. */
  private flaky(store: KeyValueStore): KeyValueStore {
    return {
      ...bound(store),
      put: async (item, condition) => {
        if (this.choices.chance(0.3)) await this.land(0.5);
        const fate = this.faulty ? this.choices.next() : 1;
        if (fate < 0.04) throw new UnavailableError('the write did not land');
        if (fate < 0.08) {
          this.landing.push(() => store.put(item, condition));
          throw new UnavailableError('the write has not landed yet');
        }
        const answer = await store.put(item, condition);
        if (fate < 0.12) throw new UnavailableError('the write landed, the answer did not');
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
    const arrivalMs = this.nowMs + 301 * DAY_MS;
    const tick = { ...entryOf({ index: this.sent, arrivalMs }, 0), measurement: null };
    const group = { ...this.groupOf(this.shards[0] as Shard, 0, 0), entries: [tick] };
    expect(await this.commit(group, await this.load())).toBeNull();
  }
}

function table(name: string, options = {}): KeyValueStore {
  return createKeyValueStore({ map: createMemoryMap(), table: name, ...options });
}

/** How often each record is in a row, or refused. */
async function placesOf(run: Run): Promise<number[]> {
  const places = Array.from({ length: run.sent }, () => 0);
  for (const { startMs, values } of await readRows(run.raw.results, pipeline)) {
    const first = ((startMs - START_MS) / 60_000) * RECORDS_PER_WINDOW;
    let held = 0;
    for (let at = 0; at < RECORDS_PER_WINDOW; at++) {
      if (Math.floor(Number(values.sum) / 2 ** at) % 2 === 0) continue;
      held += 1;
      places[first + at] = (places[first + at] ?? 0) + 1;
    }
    expect(values.count).toBe(held);
  }
  for (const line of await quarantineOf(run.raw)) {
    const { reason, sequence } = line;
    expect(reason).toBe('marks');
    const index = Number(sequence) - 1_000;
    places[index] = (places[index] ?? 0) + 1;
    expect(textOf(line)).toBe(String(index));
  }
  return places;
}

test('every record counts once, in a row or in quarantine, whatever comes again', async () => {
  const total = { records: 0, refused: 0, flagged: 0, cleared: 0, conflicts: 0, failures: 0 };
  for (const seed of SEEDS) {
    await underSeed(seed, async () => {
      const run = new Run(seed);
      await run.play();

      const places = await placesOf(run);
      const { applied, invalid, late } = await readAccounting(run.raw.state, run.raw.control);
      const wrong = places.flatMap((times, index) => (times === 1 ? [] : [{ index, times }]));
      expect({ wrong, late }).toEqual({ wrong: [], late: 0 });
      expect(applied + invalid).toBe(run.sent);
      total.records += run.sent;
      total.refused += invalid;
      for (const name of ['flagged', 'cleared', 'conflicts', 'failures'] as const) {
        total[name] += run.seen[name];
      }
    });
  }
  process.stderr.write(`  full of marks: ${JSON.stringify(total)}\n`);
  expect(Math.min(...Object.values(total))).toBeGreaterThan(0);
}, 120_000);
