/**
 * Faults at the ports: a process that dies at any write, writes that land long after their retry,
 * answers that get lost, throttling, conflicts reported for what was written, calls that hang.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { UnavailableError } from '@millrace/core/error';
import { type EffectCall, type Fault, scheduleEffects } from '@millrace/engine/effect';
import type { Scheduler } from '@millrace/engine/scheduler';
import type { Choices } from './random';

/** Probability per call of a port, unless said otherwise. */
export interface FaultRates {
  /** Share of the invocations that anything but the outage happens to: the others make progress. */
  readonly unlucky: number;
  /** The process dies: before the write, after it, or the write lands when it has long been retried. */
  readonly crash: number;
  /** The dependency answers with an error; the write may have landed, or may land later. */
  readonly unavailable: number;
  /** A conditional write is reported as a conflict although it landed (a retry inside the SDK). */
  readonly falseConflict: number;
  /** The call hangs for up to a minute and a half. */
  readonly slow: number;
  /** Once in the run one dependency answers nothing but errors for ten minutes. */
  readonly outage: boolean;
}

export const NO_FAULTS: FaultRates = {
  unlucky: 0,
  crash: 0,
  unavailable: 0,
  falseConflict: 0,
  slow: 0,
  outage: false,
};

/** One call of a handler; it dies as a process does: nothing it does afterwards has an effect. */
export interface Invocation {
  readonly name: string;
  /** No faults: a record that keeps killing its process is quarantined, and these must not be. */
  readonly calm: boolean;
  readonly unlucky: boolean;
  dead: boolean;
  /** Never resolves; rejects when the process dies. */
  readonly death: Promise<never>;
  readonly die: (error: Error) => void;
}

export class CrashError extends Error {}

/** Carries the answer of a write that landed and was reported as refused. */
class FalseConflict extends Error {
  readonly answer: 'conflict' | 'exists';

  constructor(answer: 'conflict' | 'exists') {
    super('reported as refused');
    this.answer = answer;
  }
}

export interface Faults {
  /** A port as processes see it that `start` started. */
  wrap<T extends object>(port: T, name: string): T;
  run<T>(options: { name: string; calm: boolean }, body: (i: Invocation) => Promise<T>): Promise<T>;
  /** Whether the process dies after its work, before its answer reached anybody. */
  diesAtEnd(invocation: Invocation): boolean;
  /** Nothing that was sent before is still under way at this time. */
  readonly quietFromMs: number;
  readonly counts: Readonly<FaultCounts>;
}

export interface FaultCounts {
  crashes: number;
  landedLate: number;
  unavailable: number;
  falseConflicts: number;
  slow: number;
}

export interface FaultOptions {
  readonly scheduler: Scheduler;
  readonly choices: Choices;
  readonly rates: FaultRates;
  /** The outage starts somewhere in here. */
  readonly startMs: number;
  readonly endMs: number;
}

/** One for all runs: each storage that was ever entered makes every promise of the process slower. */
const current = new AsyncLocalStorage<Invocation>();

const LATENCY_MS = [1, 15] as const;
const LATE_MS_MAX = 300_000;
const SLOW_MS_MAX = 90_000;
const OUTAGE_MS = 600_000;
const OUTAGE_PORTS = ['state', 'results', 'control', 'quarantine', 'stream'];
const READS = new Set(['getMany', 'query', 'scan', 'get', 'list']);

export function createFaults(options: FaultOptions): Faults {
  const { scheduler, choices, rates, startMs, endMs } = options;
  const counts = { crashes: 0, landedLate: 0, unavailable: 0, falseConflicts: 0, slow: 0 };
  const outage = {
    port: rates.outage ? choices.pick(OUTAGE_PORTS) : null,
    fromMs: startMs + choices.int(endMs - startMs + 1),
  };
  let quietFromMs = startMs;

  function landing(isRead: boolean): NonNullable<Fault['lands']> {
    const lands = isRead ? 'never' : choices.pick(['never', 'before', 'late'] as const);
    if (lands !== 'late') {
      return lands;
    }
    const afterMs = choices.skewed(LATE_MS_MAX);
    quietFromMs = Math.max(quietFromMs, scheduler.nowMs + afterMs + 60_000);
    counts.landedLate += 1;
    return { afterMs };
  }

  function isOut(port: string): boolean {
    const sinceMs = scheduler.nowMs - outage.fromMs;
    return outage.port === port && sinceMs >= 0 && sinceMs < OUTAGE_MS;
  }

  function plan(call: EffectCall): Fault | undefined {
    const invocation = current.getStore();
    if (invocation === undefined || invocation.calm) {
      return undefined;
    }
    const isRead = READS.has(call.method);
    if (isOut(call.port)) {
      counts.unavailable += 1;
      return { error: new UnavailableError(`${call.port} is down`), lands: 'never' };
    }
    if (!invocation.unlucky) {
      return undefined;
    }
    if (choices.chance(rates.crash)) {
      return { error: new CrashError(`at ${call.port}.${call.method}`), lands: landing(isRead) };
    }
    if (choices.chance(rates.unavailable)) {
      counts.unavailable += 1;
      return { error: new UnavailableError('throttled'), lands: landing(isRead) };
    }
    if (choices.chance(rates.falseConflict) && isConditional(call)) {
      counts.falseConflicts += 1;
      const answer = call.method === 'create' ? 'exists' : 'conflict';
      return { error: new FalseConflict(answer), lands: 'before' };
    }
    if (choices.chance(rates.slow)) {
      counts.slow += 1;
      const delayMs = choices.int(SLOW_MS_MAX);
      quietFromMs = Math.max(quietFromMs, scheduler.nowMs + delayMs + 60_000);
      return { delayMs };
    }
    return undefined;
  }

  async function call(effects: object, method: string, args: unknown[]): Promise<unknown> {
    const invocation = current.getStore();
    refuseDead(invocation);
    try {
      return await (Reflect.get(effects, method) as (...a: unknown[]) => unknown)(...args);
    } catch (error) {
      if (error instanceof FalseConflict) {
        return error.answer;
      }
      if (error instanceof CrashError) {
        counts.crashes += invocation?.dead ? 0 : 1;
        invocation?.die(error);
      }
      throw error;
    } finally {
      refuseDead(invocation);
    }
  }

  return {
    counts,
    get quietFromMs() {
      return quietFromMs;
    },
    wrap: (port, name) => {
      const latencyMs = LATENCY_MS;
      const effects = scheduleEffects(port, scheduler, { name, latencyMs, hook: plan });
      return new Proxy(port, {
        get: (_target, method) =>
          typeof method === 'string' && method !== 'then'
            ? (...args: unknown[]) => call(effects, method, args)
            : undefined,
      });
    },
    run: ({ name, calm }, body) => {
      const invocation = createInvocation(name, calm, choices.chance(rates.unlucky));
      return current.run(invocation, () => body(invocation));
    },
    diesAtEnd: ({ calm, unlucky }) => {
      const dies = unlucky && !calm && choices.chance(rates.crash);
      counts.crashes += dies ? 1 : 0;
      return dies;
    },
  };
}

function createInvocation(name: string, calm: boolean, unlucky: boolean): Invocation {
  let reject: (error: Error) => void = () => undefined;
  const death = new Promise<never>((_resolve, refuse) => {
    reject = refuse;
  });
  // Nobody may be waiting for it.
  death.catch(() => undefined);
  const invocation: Invocation = {
    name,
    calm,
    unlucky,
    death,
    dead: false,
    die: (error) => {
      invocation.dead = true;
      reject(error);
    },
  };
  return invocation;
}

function refuseDead(invocation: Invocation | undefined): void {
  if (invocation?.dead) {
    throw new CrashError('the process is dead');
  }
}

function isConditional({ method, args }: EffectCall): boolean {
  const condition = { put: args[1], update: args[2], create: true }[method as 'put'];
  return condition !== undefined;
}
