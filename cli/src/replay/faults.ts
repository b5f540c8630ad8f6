import type { Clock } from '@millrace/core/port';
import type { Application, EventSource, Handler, Scheduler } from '@millrace/engine';
import { createInjector } from '@millrace/engine/fault/injector';
import { type FaultPlan, faultsOf } from '@millrace/engine/fault/plan';
import { grouped } from '../output';
import { besideCarriers, type Carriers, NO_CARRIERS } from './faults-carriers';
import { type Removed, type RemovedCounters, scheduleStateFaults } from './faults-state';
import type { LocalApplication } from './local-application';

/** What stands between the handlers and the rest of a local application. */
export interface Disturbance {
  /** A port as the handlers see it, with its latency. */
  port<T extends object>(name: string, port: T, latencyMs: readonly [number, number]): T;
  handler(functionId: string, handler: Handler): Handler;
  clock(clock: Clock): Clock;
  application(application: Application): Application;
  readonly childrenEarly: boolean;
  begin(local: LocalApplication): void;
  /** Nothing more is to come, and nothing is under way, that a fault left behind. */
  readonly quiet: boolean;
  /** The run may take so much longer. */
  readonly patienceMs: number;
  /** Of states that were removed: by index as in a state's body. */
  readonly removed: RemovedCounters;
  /** Ids of incidents that were open in states that were removed. */
  readonly removedIncidents: ReadonlySet<string>;
}

export interface FaultReport {
  readonly counts: Readonly<Record<string, number>>;
  /** What kinds came to in particular: `write/late state`. */
  readonly details: Readonly<Record<string, number>>;
  /** Names, for `only`. */
  readonly injected: readonly string[];
  /** Errors of handlers that no fault explains. */
  readonly surprises: readonly string[];
}

export interface FaultRun {
  readonly disturbance: Disturbance;
  report(): FaultReport;
}

export interface FaultRunOptions {
  readonly plan: FaultPlan;
  readonly seed: number;
  readonly scheduler: Scheduler;
  readonly spanMs: readonly [first: number, last: number];
  /** Of the source: faults that are in its records. */
  readonly injected: readonly string[];
  /** Of the source: where its aggregated records take the keys inside them. */
  readonly carriers?: Carriers;
}

export function createFaultRun(options: FaultRunOptions): FaultRun {
  const { seed, scheduler, spanMs, carriers = NO_CARRIERS } = options;
  const isAggregated = carriers.hashKeys.size > 0;
  const { plan } = options;
  const injector = createInjector({ plan, seed, scheduler, spanMs });
  const { ledger } = injector;
  for (const name of options.injected) ledger.note(name);
  const removed: Removed = { counters: [], incidents: new Set() };
  const twice = faultsOf(plan, 'second-mapping').length > 0;
  const second = twice ? ledger.strikeNow('second-mapping', '', 1) !== null : false;
  return {
    disturbance: {
      port: (name, raw, latencyMs) =>
        name === 'stream' && isAggregated
          ? (injector.port(name, besideCarriers(raw as never, carriers), latencyMs) as never)
          : injector.port(name, raw, latencyMs),
      handler: injector.handler,
      clock: injector.clock,
      application: (application) => (second ? withSecondMappings(application) : application),
      childrenEarly: faultsOf(plan, 'reshard').some(({ childrenEarly }) => childrenEarly === true),
      begin: ({ engine, stores }) => {
        injector.begin(engine.mappings);
        const { state } = stores;
        scheduleStateFaults({ plan, scheduler, ledger, state, spanMs, removed });
      },
      get quiet() {
        return ledger.quiet;
      },
      patienceMs: 2 * plan.endAfterMs,
      removed: removed.counters,
      removedIncidents: removed.incidents,
    },
    report: () => ({
      counts: Object.fromEntries([...ledger.counts].sort(([a], [b]) => (a < b ? -1 : 1))),
      details: Object.fromEntries(ledger.details),
      injected: ledger.injected,
      surprises: injector.surprises,
    }),
  };
}

/** As while one mapping replaces another: both read everything. */
function withSecondMappings(application: Application): Application {
  const functions = new Map(application.functions);
  for (const [id, definition] of functions) {
    const more = definition.sources
      .filter(({ kind }) => kind === 'kinesis')
      .map((source): EventSource => ({ ...source, logicalId: `${source.logicalId}Second` }));
    functions.set(id, { ...definition, sources: [...definition.sources, ...more] });
  }
  return { ...application, functions };
}

/** `1,234 faults: crash/middle 12, throttle 700`. */
export function faultLine({ counts }: FaultReport): string {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const kinds = Object.entries(counts).map(([kind, count]) => `${kind} ${grouped(count)}`);
  return `${grouped(total)} faults${kinds.length === 0 ? '' : `: ${kinds.join(', ')}`}`;
}
