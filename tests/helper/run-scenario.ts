/** A scenario through the real consumer and sweeper over embedded stores, with faults, to its end. */
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import type { KeyValueStore, Log, ObjectStore } from '@millrace/core/port';
import { readAccounting, readIncidents, readRows, windowsOpen } from '@millrace/core/results/read';
import type { IncidentView, RowView } from '@millrace/core/results/view';
import { createScheduler, type Scheduler } from '@millrace/engine/scheduler';
import { createStreamConsumer } from '../../functions/stream-consumer/stream-consumer';
import { createStreamSweeper } from '../../functions/stream-sweeper/stream-sweeper';
import { createEventSource, type EventSource, type EventSourceCounts } from './event-source';
import { CrashError, createFaults, type FaultCounts, type FaultRates, NO_FAULTS } from './faults';
import type { Scenario } from './generate';
import { quarantineOf } from './quarantine';
import { createChoices } from './random';
import type { ActualQuarantine, ActualResult } from './reference-compare';

export interface RunOptions {
  /** Of everything but the records: cuts, delays, faults. */
  readonly seed: number;
  readonly lanes: number;
  readonly batchMax: number;
  readonly pollMs: number;
  readonly redelivery?: number;
  readonly rates?: FaultRates;
  /** Takes a protection away, to see that its absence is noticed. */
  readonly sabotage?: (stores: Stores) => Stores;
}

export interface Stores {
  readonly state: KeyValueStore;
  readonly results: KeyValueStore;
  readonly control: KeyValueStore;
  readonly quarantine: ObjectStore;
}

export interface RunResult extends ActualResult {
  readonly rows: readonly RowView[];
  readonly incidents: readonly IncidentView[];
  readonly faults: FaultCounts;
  readonly source: EventSourceCounts;
  /** Row writes that contradict an earlier one: a smaller revision, or another value at the same. */
  readonly contradictions: readonly string[];
}

const SWEEP_MS = 60_000;
const DAY_MS = 86_400_000;
/** Faults end this long after the last record, so that every run ends. */
const FAULTS_MS_MAX = 4 * 3_600_000;
const END_MS_MAX = DAY_MS;

export async function runScenario(scenario: Scenario, options: RunOptions): Promise<RunResult> {
  const startMs = scenario.records[0]?.arrivalMs ?? 0;
  const endMs = Math.max(startMs, ...scenario.records.map((record) => record.arrivalMs));
  const scheduler = createScheduler({ seed: options.seed, startMs });
  const choices = createChoices(options.seed ^ 0x5eed);
  const rates = options.rates ?? NO_FAULTS;
  const faults = createFaults({ scheduler, choices, rates, startMs, endMs });
  const { pipeline } = parsePipeline(scenario.pipeline);
  const raw = createStores();
  const watched = watchRows(raw);
  const seen = options.sabotage?.(watched.stores) ?? watched.stores;
  const ports = {
    state: faults.wrap(seen.state, 'state'),
    results: faults.wrap(seen.results, 'results'),
    control: faults.wrap(seen.control, 'control'),
    quarantine: faults.wrap(seen.quarantine, 'quarantine'),
  };
  const handler = createStreamConsumer({
    ...ports,
    pipeline,
    transforms: new Map(),
    log: SILENT,
    stateTtlMs: 7 * DAY_MS,
    retentionMs: DAY_MS,
  });
  const { lanes, batchMax, pollMs, redelivery = 0 } = options;
  const source = createEventSource({
    ...{ scheduler, choices, faults, scenario, lanes, batchMax, pollMs, redelivery, handler },
  });
  const stream = faults.wrap(source.writer, 'stream');
  const sweep = createStreamSweeper({
    state: ports.state,
    stream,
    clock: scheduler.clock,
    log: SILENT,
  });
  const run = { scheduler, faults, source, raw, endMs };
  await runToEnd(run, async () => {
    const calm = scheduler.nowMs > endMs + FAULTS_MS_MAX;
    await faults.run({ name: 'sweeper', calm }, async (invocation) => {
      const context = { getRemainingTimeInMillis: () => SWEEP_MS };
      await Promise.race([sweep({}, context), invocation.death]).catch(ignoreExpected);
    });
  });
  return {
    ...(await readResult(raw, pipeline)),
    faults: faults.counts,
    source: source.counts,
    contradictions: watched.contradictions,
  };
}

interface Run {
  readonly scheduler: Scheduler;
  readonly faults: { readonly quietFromMs: number };
  readonly source: EventSource;
  readonly raw: Stores;
  readonly endMs: number;
}

/** Sweeps every minute until every window is closed and nothing is under way. */
async function runToEnd(run: Run, sweep: () => Promise<void>): Promise<void> {
  const { scheduler, faults, source, raw, endMs } = run;
  let finished = false;

  async function minute(): Promise<void> {
    const isQuiet = scheduler.nowMs > endMs && source.idle && scheduler.nowMs > faults.quietFromMs;
    if (isQuiet && (await scheduler.hold(() => windowsOpen(raw.state))) === 0) {
      finished = true;
      return;
    }
    if (scheduler.nowMs > endMs + END_MS_MAX) {
      throw new Error(`not finished a day after the last record: ${JSON.stringify(source.counts)}`);
    }
    scheduler.at(scheduler.nowMs + SWEEP_MS, minute);
    await sweep();
  }

  scheduler.at(scheduler.nowMs + SWEEP_MS, minute);
  await scheduler.run({ done: () => finished });
}

async function readResult(stores: Stores, pipeline: Pipeline) {
  const quarantine: ActualQuarantine[] = (await quarantineOf(stores)).map(({ data, ...line }) => ({
    ...line,
    data: data ?? Buffer.from('they are gone'),
  }));
  return {
    rows: await readRows(stores.results, pipeline),
    incidents: await readIncidents(stores.results, pipeline),
    quarantine,
    accounting: await readAccounting(stores.state, stores.control),
  };
}

function createStores(): Stores {
  const map = createMemoryMap();
  const indexes = { due: { partitionKey: 'dueBucket', sortKey: 'due' } };
  return {
    state: createKeyValueStore({ map, table: 'state', indexes }),
    results: createKeyValueStore({ map, table: 'results' }),
    control: createKeyValueStore({ map, table: 'control' }),
    quarantine: createObjectMemory(),
  };
}

/** Readers see rows as they land: revisions may only grow, and one revision has one value. */
function watchRows(stores: Stores): { stores: Stores; contradictions: string[] } {
  const contradictions: string[] = [];
  const newest = new Map<string, { rev: number; body: string }>();
  const results: KeyValueStore = {
    ...bound(stores.results),
    put: async (item, condition) => {
      const answer = await stores.results.put(item, condition);
      if (answer === 'written' && typeof item.rev === 'number') {
        const name = `${item.pk} ${item.sk}`;
        const next = { rev: item.rev, body: String(item.body) };
        const old = newest.get(name) ?? { rev: 0, body: '' };
        newest.set(name, next);
        if (next.rev < old.rev || (next.rev === old.rev && next.body !== old.body)) {
          contradictions.push(`${name}: ${JSON.stringify(old)}, then ${JSON.stringify(next)}`);
        }
      }
      return answer;
    },
  };
  return { stores: { ...stores, results }, contradictions };
}

/** All methods of a store, so that some can be replaced. */
export function bound(store: KeyValueStore): KeyValueStore {
  return {
    getMany: (keys) => store.getMany(keys),
    put: (item, condition) => store.put(item, condition),
    update: (key, set, condition) => store.update(key, set, condition),
    increment: (key, attribute, by, set) => store.increment(key, attribute, by, set),
    delete: (key) => store.delete(key),
    query: (range) => store.query(range),
    scan: (range) => store.scan(range),
  };
}

/** A sweeper that failed runs again in a minute. */
function ignoreExpected(error: unknown): void {
  if (!(error instanceof CrashError) && (error as Error).name !== 'UnavailableError') {
    throw error;
  }
}

const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
