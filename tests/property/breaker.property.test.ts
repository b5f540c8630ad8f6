/**
 * Containers of the projector beside a Timestream that is down for an hour, slow before and after, while
 * they die, time out, and lose or late-land their writes to the breaker's item. In virtual time.
 */
import { readFileSync } from 'node:fs';
import { BELIEVED_MS, createBreaker, FAILURES_MAX } from '@millrace/adapters/breaker/breaker';
import { type BreakerState, PAUSE_MS_MAX } from '@millrace/adapters/breaker/state';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import type { RowOutcome, SeriesRow, TimeSeriesSink } from '@millrace/adapters/time-series-sink';
import { UnavailableError } from '@millrace/core/error';
import { parsePipelineText } from '@millrace/core/pipeline/parse';
import type { KeyValueStore } from '@millrace/core/port';
import { createScheduler } from '@millrace/engine';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import * as fc from 'fast-check';
import { createResultProjector } from '../../functions/result-projector/result-projector';
import { CrashError, createFaults, type FaultRates, NO_FAULTS } from '../helper/faults';
import { createChoices } from '../helper/random';

const { pipeline } = parsePipelineText(readFileSync('pipeline.json', 'utf8'));
const [SAMPLE] = (
  JSON.parse(readFileSync('events/dynamodb-stream/rows-single.json', 'utf8')) as DynamoDBStreamEvent
).Records as [DynamoDBRecord];

const START_MS = Date.UTC(2026, 10, 21, 12);
const MINUTE_MS = 60_000;
/** Scenarios; more with the variable RUNS, others with SEED. */
const RUNS = Number(process.env.RUNS ?? 8);
const OUTAGE_MS = 60 * MINUTE_MS;
/** As in template.yaml. */
const TIMEOUT_MS = 60_000;
const BATCH_ROWS = 500;
const ROW_EVERY_MS = 6_000;
const RATES: FaultRates = {
  unlucky: 0.5,
  crash: 0.08,
  unavailable: 0.1,
  falseConflict: 0.1,
  slow: 0.05,
  outage: false,
};

interface Scenario {
  readonly seed: number;
  readonly shards: number;
  readonly downFromMs: number;
  readonly downMs: number;
  /** While it is down: an error at once, or none of the tries of the adapter is answered. */
  readonly failsAfterMs: number;
  readonly answersAfterMs: number;
  readonly rates: FaultRates;
}

interface SinkCall {
  readonly owner: string;
  readonly startMs: number;
  endMs: number;
  answered: boolean;
}

/** The breaker's item as it was from a moment on. */
interface Written {
  readonly fromMs: number;
  readonly state: Pick<BreakerState, 'state' | 'owner' | 'untilMs'>;
}

async function play(scenario: Scenario) {
  const { seed, shards, downFromMs, rates } = scenario;
  const downToMs = downFromMs + scenario.downMs;
  const scheduler = createScheduler({ seed, startMs: START_MS });
  const { clock } = scheduler;
  const choices = createChoices(seed ^ 0xb4ea);
  const faults = createFaults({ scheduler, choices, rates, startMs: START_MS, endMs: downToMs });
  const history: Written[] = [
    { fromMs: START_MS, state: { state: 'closed', owner: '', untilMs: 0 } },
  ];
  const stored = createKeyValueStore({
    map: createMemoryMap(),
    table: 'control',
    onChange: ({ next }) => {
      if (next?.pk !== 'CB#timestream') return;
      history.push({ fromMs: scheduler.nowMs, state: next as never as BreakerState });
    },
  });
  const counted = { reads: 0 };
  const control = faults.wrap<Pick<KeyValueStore, 'getMany' | 'put' | 'update'>>(
    {
      getMany: (keys) => {
        counted.reads += 1;
        return stored.getMany(keys);
      },
      put: stored.put.bind(stored),
      update: stored.update.bind(stored),
    },
    'control',
  ) as KeyValueStore;
  const calls: SinkCall[] = [];
  const dead = new Set<string>();
  /** Of each row the version that is stored, and of each shard the rows in order of their first storing. */
  const versions = new Map<string, number>();
  const firsts: string[][] = Array.from({ length: shards }, () => []);

  const isDown = () => scheduler.nowMs >= downFromMs && scheduler.nowMs < downToMs;
  const service = {
    async write(rows: readonly SeriesRow[]): Promise<RowOutcome[]> {
      if (isDown()) throw new UnavailableError('down');
      for (const { dimensions, timeMs, version } of rows) {
        const name = `${dimensions.series} ${timeMs}`;
        if (!versions.has(name)) firsts[Number(dimensions.series)]?.push(name);
        versions.set(name, Math.max(version, versions.get(name) ?? 0));
      }
      return rows.map(() => ({ kind: 'done' }));
    },
  };

  const log = { info: () => {}, warn: () => {}, error: fail };
  function fail(text: string, fields?: object): void {
    const line = `${text} ${JSON.stringify(fields)}`;
    if (!line.includes('the process is dead')) throw new Error(line);
  }

  /** A process: nothing of it outlives its death. */
  function startContainer(owner: string) {
    const faulty = faults.wrap<TimeSeriesSink>(service, 'sink');
    const sink: TimeSeriesSink = {
      async write(rows) {
        if (dead.has(owner)) throw new CrashError('the process is dead');
        const call = { owner, startMs: scheduler.nowMs, endMs: Number.POSITIVE_INFINITY };
        const made: SinkCall = { ...call, answered: false };
        calls.push(made);
        try {
          await clock.sleep(isDown() ? scenario.failsAfterMs : scenario.answersAfterMs);
          const outcomes = await faulty.write(rows);
          made.answered = true;
          return outcomes;
        } finally {
          // A dead process has ended already.
          made.endMs = Math.min(made.endMs, scheduler.nowMs);
        }
      },
    };
    const breaker = createBreaker({
      ...{ sink: 'timestream', control, clock, owner, random: () => choices.int(1000) / 1000 },
    });
    return createResultProjector({ pipeline, sink, breaker, control, clock, log });
  }

  const rowsOfShard = Math.ceil((downToMs - START_MS + 10 * MINUTE_MS) / ROW_EVERY_MS);
  const done = Array.from({ length: shards }, () => 0);

  /** The event source mapping of one shard: what is not acknowledged comes again. */
  async function deliver(shard: number): Promise<void> {
    let lives = 0;
    let owner = `${shard}.${lives}`;
    let container = startContainer(owner);
    for (let at = 0; at < rowsOfShard; ) {
      const there = Math.floor((scheduler.nowMs - START_MS) / ROW_EVERY_MS);
      const to = Math.min(rowsOfShard, there, at + BATCH_ROWS);
      if (to > at) {
        const event = { Records: numbers(at, to).map((n) => recordOf(shard, n)) };
        const failedAt = await invoke(owner, event, container, at);
        if (failedAt === null) {
          lives += 1;
          owner = `${shard}.${lives}`;
          container = startContainer(owner);
        } else at = failedAt === -1 ? to : failedAt;
      }
      await clock.sleep(to - at < BATCH_ROWS ? 10_000 : 200);
      done[shard] = at;
    }
  }

  /** Where to go on; -1 = all is done, null = the process died. */
  async function invoke(
    owner: string,
    event: DynamoDBStreamEvent,
    container: ReturnType<typeof startContainer>,
    at: number,
  ): Promise<number | null> {
    const endsAtMs = scheduler.nowMs + TIMEOUT_MS;
    const calm = scheduler.nowMs >= downToMs;
    try {
      const answer = await faults.run({ name: owner, calm }, (invocation) => {
        const timeOut = scheduler.at(endsAtMs, () => invocation.die(new CrashError('time-out')));
        const context = { getRemainingTimeInMillis: () => endsAtMs - scheduler.nowMs };
        const work = container(event, context).finally(() => timeOut.cancel());
        work.catch(() => undefined);
        return Promise.race<DynamoDBBatchResponse>([work, invocation.death]);
      });
      const [first] = answer.batchItemFailures;
      if (first === undefined) return -1;
      const failed = Number(first.itemIdentifier);
      // Never before what was handed over, never behind what it says itself.
      expect(failed).toBeGreaterThanOrEqual(at);
      return failed;
    } catch (error) {
      if (!(error instanceof CrashError)) throw error;
      dead.add(owner);
      for (const call of calls) {
        if (call.owner === owner) call.endMs = Math.min(call.endMs, scheduler.nowMs);
      }
      return null;
    }
  }

  for (let shard = 0; shard < shards; shard++) scheduler.at(START_MS, () => deliver(shard));
  await scheduler.run({ done: () => done.every((count) => count === rowsOfShard) });
  return { calls, history, versions, firsts, rowsOfShard, downToMs, reads: counted.reads, faults };
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}

const SAMPLE_ROW = JSON.parse(SAMPLE.dynamodb?.NewImage?.body?.S ?? '');

/** Every third row is a second revision of the one before it. */
function recordOf(shard: number, n: number): DynamoDBRecord {
  const windowAt = n % 3 === 2 ? n - 1 : n;
  const startMs = START_MS + windowAt * MINUTE_MS;
  const row = { ...SAMPLE_ROW, startMs, endMs: startMs + MINUTE_MS, rev: n - windowAt + 1 };
  const keys = { pk: { S: `R#host.cpu#${shard}` }, sk: { S: `0${startMs}#=p` } };
  const NewImage = { ...keys, body: { S: JSON.stringify(row) } };
  return { ...SAMPLE, dynamodb: { Keys: keys, NewImage, SequenceNumber: String(n) } };
}

/** By shard and window: what the table holds in the end. */
function newestVersions(shards: number, rowsOfShard: number): Record<string, number> {
  const newest: Record<string, number> = {};
  for (let shard = 0; shard < shards; shard++) {
    for (let n = 0; n < rowsOfShard; n++) {
      const windowAt = n % 3 === 2 ? n - 1 : n;
      newest[`${shard} ${START_MS + windowAt * MINUTE_MS}`] = n - windowAt + 1;
    }
  }
  return newest;
}

/** The states the item had at any moment from `fromMs` to `toMs`. */
function statesWithin(history: readonly Written[], fromMs: number, toMs: number): Written[] {
  return history.filter(
    (written, at) =>
      written.fromMs <= toMs && (history[at + 1]?.fromMs ?? Number.POSITIVE_INFINITY) >= fromMs,
  );
}

const scenarios = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 30 }),
  shards: fc.integer({ min: 1, max: 5 }),
  downFromMs: fc.integer({ min: 2, max: 10 }).map((minute) => START_MS + minute * MINUTE_MS),
  downMs: fc.constant(OUTAGE_MS),
  failsAfterMs: fc.constantFrom(300, 15_000),
  answersAfterMs: fc.constantFrom(20, 9_000),
  rates: fc.constantFrom(RATES, RATES, RATES, NO_FAULTS),
});

const total = { probes: 0, crashes: 0, landedLate: 0, leasesTaken: 0, leasesKept: 0 };

test('I9: open, no call but one prober; it closes when the sink is back; every row arrives, in order', async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async (scenario) => {
      const { calls, history, versions, firsts, rowsOfShard, downToMs, faults } =
        await play(scenario);

      const probes: SinkCall[] = [];
      for (const call of calls) {
        // What the container may still believe, then what is true.
        const before = statesWithin(history, call.startMs - BELIEVED_MS, call.startMs);
        if (before.some(({ state }) => state.state === 'closed')) continue;
        const now = before.at(-1)?.state;
        expect(now).toMatchObject({ state: 'half-open', owner: call.owner });
        expect(now?.untilMs).toBeGreaterThan(call.startMs);
        probes.push(call);
      }
      for (const [n, probe] of probes.entries()) {
        const next = probes[n + 1];
        if (next !== undefined) expect(next.startMs).toBeGreaterThanOrEqual(probe.endMs);
      }

      // Down for an hour: what trips it, what ran on, and a probe in each pause.
      const during = calls.filter(
        ({ startMs }) => startMs >= scenario.downFromMs && startMs < downToMs,
      );
      expect(during.length).toBeLessThan(scenario.shards * (FAILURES_MAX + 2) + 40);

      // The longest pause, the time of a dead prober and its notice, and one more answer.
      const back = calls.find(({ startMs, answered }) => startMs >= downToMs && answered);
      const worstMs = PAUSE_MS_MAX + TIMEOUT_MS + 30_000;
      expect((back?.startMs ?? Number.POSITIVE_INFINITY) - downToMs).toBeLessThan(worstMs);
      expect(history.at(-1)?.state.state).toBe('closed');

      for (const first of firsts) {
        const times = first.map((name) => Number(name.split(' ')[1]));
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }
      expect(Object.fromEntries(versions)).toEqual(newestVersions(scenario.shards, rowsOfShard));
      total.probes += probes.length;
      total.crashes += faults.counts.crashes;
      total.landedLate += faults.counts.landedLate;
      for (const [at, { state }] of history.entries()) {
        const next = history[at + 1]?.state;
        if (state.state !== 'half-open' || next?.state !== 'half-open') continue;
        // Somebody else's: its owner died. Its own: the answer to a write got lost.
        if (next.owner === state.owner) total.leasesKept += 1;
        else total.leasesTaken += 1;
      }
    }),
    // Each scenario is hours of virtual time: looking for a smaller one would take minutes.
    { numRuns: RUNS, seed: Number(process.env.SEED ?? 1), endOnFailure: true },
  );

  // The faults were there; or this proves nothing.
  if (RUNS < 8) return;
  expect(total.probes).toBeGreaterThan(6 * RUNS);
  expect(total.crashes).toBeGreaterThan(RUNS);
  expect(total.landedLate).toBeGreaterThan(RUNS);
  expect(total.leasesTaken).toBeGreaterThan(1);
  expect(total.leasesKept).toBeGreaterThan(1);
}, 300_000);

test('a sink that is well costs no write, and of each container a read every few seconds at most', async () => {
  const shards = 3;
  const { history, reads, rowsOfShard } = await play({
    ...{ seed: 5, shards, downFromMs: START_MS, downMs: 0, failsAfterMs: 0, answersAfterMs: 20 },
    rates: NO_FAULTS,
  });

  expect(history).toHaveLength(1);
  const minutes = (rowsOfShard * ROW_EVERY_MS) / MINUTE_MS;
  expect(reads).toBeLessThanOrEqual(shards * minutes * (MINUTE_MS / BELIEVED_MS));
}, 60_000);
