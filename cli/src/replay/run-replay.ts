import type { TopicMessage } from '@millrace/adapters/topic';
import { TICK_MARGIN_MS } from '@millrace/core/fold/tick';
import type { Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import type { Log } from '@millrace/core/port';
import type { TimeLimit } from '@millrace/core/record/time-limit';
import { closableFromMs, readAccounting, windowsOpen } from '@millrace/core/results/read';
import {
  type Application,
  createScheduler,
  type EngineEvent,
  type EngineStats,
  type Scheduler,
} from '@millrace/engine';
import { AnswerNoError } from '../exit';
import type { LocalData } from '../local-store';
import { readUndelivered } from '../quarantine/undelivered';
import { type Accounting, accountingOf } from './accounting';
import type { Disturbance } from './faults';
import { addCounters } from './faults-accounting';
import {
  createLocalApplication,
  type LocalApplication,
  type LocalStores,
  type StoreUsage,
} from './local-application';
import type { Source } from './source';

export interface ReplayOptions {
  readonly application: Application;
  readonly pipeline: Pipeline;
  readonly transforms: Transforms;
  /** Ends transforms that do not return; absent = as deployed. */
  readonly timeLimit?: TimeLimit;
  readonly source: Source;
  readonly seed: number;
  /** Times real time; Infinity = as fast as the machine can. */
  readonly speed: number;
  readonly log: Log;
  /** Called now and then with the number of records delivered so far. */
  readonly onProgress: (records: number) => void;
  /** Called with everything the engine does. */
  readonly observe?: (event: EngineEvent) => void;
  /** Where the tables and the bucket are kept; in memory unless told. */
  readonly data?: LocalData;
  /** Puts faults around the application that is about to be made. */
  readonly disturb?: (scheduler: Scheduler) => Disturbance;
}

export interface ReplayResult {
  readonly accounting: Accounting;
  readonly stores: LocalStores;
  /** What subscribers were told, repetitions included. */
  readonly alerts: readonly TopicMessage[];
  readonly stats: EngineStats;
  readonly usage: StoreUsage;
}

/** Virtual time starts this much before the first arrival, so that all pollers are at work by then. */
const LEAD_MS = 1_000;
/** How often, in virtual time, it is looked whether a window is still open at the end. */
const STEP_MS = 60_000;
/** Beyond the idle gaps: sweeps run every 59 minutes at the most, and retries take their time. */
const PATIENCE_MS = 4 * 3_600_000;
/** How often, in records, progress is told. */
const PROGRESS_RECORDS = 1_000;

/**
 * Runs a recording through the real handlers until every record is processed and every window closed.
 * @throws AnswerNoError when that does not come about within a bound of virtual time
 */
export async function runReplay(options: ReplayOptions): Promise<ReplayResult> {
  const { application, pipeline, transforms, source, log } = options;
  const startMs = Math.max(0, (source.arrivals?.firstMs ?? 0) - LEAD_MS);
  const scheduler = createScheduler({ seed: options.seed, startMs, speed: options.speed });
  const { shards } = source;
  const disturbance = options.disturb?.(scheduler);
  const local = createLocalApplication({
    application,
    pipeline,
    transforms,
    shards,
    ...(options.timeLimit && { timeLimit: options.timeLimit }),
    ...(source.stream !== undefined && { streamName: source.stream }),
    scheduler,
    log,
    ...(options.observe && { observe: options.observe }),
    ...(disturbance && { disturbance }),
    ...(options.data && { data: options.data }),
  });
  local.stream.load(source.records);
  local.engine.start();
  disturbance?.begin(local);
  if (source.arrivals !== null) await runToTheEnd(local, scheduler, options, disturbance);
  local.engine.stop();
  const { state, control } = local.stores;
  const counted = { records: source.records.length, in: source.in };
  const committed = addCounters(await readAccounting(state, control), disturbance?.removed ?? []);
  const uninvoked = (await readUndelivered(local.stores.quarantine)).filter(
    ({ isUninvoked }) => isUninvoked,
  );
  const invalid = uninvoked.reduce((sum, { records }) => sum + records, committed.invalid);
  const sides = { ...committed, invalid };
  const accounting = accountingOf(counted, sides, local.engine.stats.redelivered);
  const { stores, alerts } = local;
  return { accounting, stores, alerts, stats: local.engine.stats, usage: local.usage() };
}

/**
 * Lets virtual time go on behind the last record until the sweeper has closed what fell silent. A window
 * may be open for years yet, when a clock ran ahead: time then leaps to where it is over.
 */
async function runToTheEnd(
  { engine, stores, quietUntilMs }: LocalApplication,
  scheduler: Scheduler,
  { source, pipeline, onProgress }: ReplayOptions,
  disturbance: Disturbance | undefined,
): Promise<void> {
  const lastMs = source.arrivals?.lastMs ?? 0;
  const patienceMs = idleBoundMs(pipeline) + (disturbance?.patienceMs ?? 0);
  let toldOf = 0;
  for (let open = 1; open > 0; ) {
    // Nothing can be over before the last record has come, nor a window be closed before one is due.
    const dueMs = engine.idle ? quietUntilMs() : Number.NEGATIVE_INFINITY;
    const leapMs = Number.isFinite(dueMs) ? Math.max(lastMs, dueMs) : lastMs;
    const untilMs = Math.max(scheduler.nowMs, leapMs) + STEP_MS;
    scheduler.at(untilMs, () => undefined);
    // A sweep may be under way just then: it is over long before the next one.
    const overdueMs = untilMs + STEP_MS / 2;
    const isOver = () => {
      if (engine.stats.records >= toldOf + PROGRESS_RECORDS) {
        toldOf = engine.stats.records;
        onProgress(Math.min(toldOf, source.records.length));
      }
      return scheduler.nowMs >= (engine.idle ? untilMs : overdueMs);
    };
    await scheduler.run({ done: isOver });
    const over = engine.idle && (disturbance?.quiet ?? true);
    open = over ? await windowsOpen(stores.state) : 1;
    if (open === 0 || scheduler.nowMs <= lastMs + patienceMs) continue;
    // A window is not overdue before its time has come.
    const closableMs = Math.max(lastMs, await closableFromMs(stores.state));
    if (scheduler.nowMs > closableMs + patienceMs) throw stuck(engine.idle, open, scheduler.nowMs);
  }
  onProgress(source.records.length);
}

function idleBoundMs({ metrics }: Pipeline): number {
  const idleCloseMsMax = Math.max(...metrics.map((metric) => metric.idleCloseMs));
  return 2 * (idleCloseMsMax + TICK_MARGIN_MS) + PATIENCE_MS;
}

function stuck(idle: boolean, open: number, nowMs: number): AnswerNoError {
  const at = new Date(nowMs).toISOString();
  const what = idle
    ? `${open} series still have open windows`
    : 'not every record was processed; the warnings above may say why';
  return new AnswerNoError(`millrace replay: at ${at}, long after the last record, ${what}`);
}
