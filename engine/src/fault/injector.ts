import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '@millrace/core/port';
import { scheduleEffects } from '../effect';
import type { Handler, LambdaContext } from '../invoke/context';
import { createContext } from '../invoke/context';
import type { KinesisMapping } from '../kinesis/mapping';
import type { Scheduler } from '../scheduler';
import { BatchFaults, recordsOf } from './batch-faults';
import { createCallFaults, FalseAnswer, type Outage } from './call-faults';
import { createInvocation, InjectedCrash, type Invocation } from './invocation';
import { Ledger } from './ledger';
import { type FaultPlan, faultsOf } from './plan';

export interface InjectorOptions {
  readonly plan: FaultPlan;
  readonly seed: number;
  readonly scheduler: Scheduler;
  /** First and last arrival: outages and restarts begin in between. */
  readonly spanMs: readonly [first: number, last: number];
}

/** Puts a plan's faults around ports, handlers and clocks of an application. */
export interface Injector {
  readonly ledger: Ledger;
  /** Errors that handlers threw and no fault explains; at most ten. */
  readonly surprises: readonly string[];
  /** A port with latency and faults, as processes started by `handler` see it. */
  port<T extends object>(name: string, port: T, latencyMs: readonly [number, number]): T;
  handler(functionId: string, handler: Handler): Handler;
  clock(clock: Clock): Clock;
  /** Restarts of the mappings, at their times. */
  begin(mappings: readonly KinesisMapping[]): void;
}

/** One for all runs: each storage that was ever entered makes every promise of the process slower. */
const current = new AsyncLocalStorage<Invocation>();

const CLOCK_STEP_MS = 600_000;
const SURPRISES_MAX = 10;
const FRESH_TIMEOUT_MS = 60_000;

export function createInjector(options: InjectorOptions): Injector {
  const { plan, seed, scheduler, spanMs } = options;
  const untilMs = spanMs[1] + plan.endAfterMs;
  const ledger = new Ledger({ scheduler, seed, untilMs, only: plan.only });
  const batches = new BatchFaults(plan, ledger);
  const momentOf = (kind: string, index: number) => {
    const strike = ledger.strike(kind, String(index), 1);
    if (strike === null) return null;
    const atMs = spanMs[0] + Math.floor(strike.dice.next() * (spanMs[1] - spanMs[0] + 1));
    return { atMs, strike };
  };
  const outages = faultsOf(plan, 'outage').flatMap(({ port, forMs, times }): Outage[] =>
    Array.from({ length: times }, (_, index) => momentOf(`outage/${port}`, index)).flatMap(
      (moment) => {
        moment?.strike.happened();
        return moment === null ? [] : [{ port, fromMs: moment.atMs, toMs: moment.atMs + forMs }];
      },
    ),
  );
  const calls = createCallFaults(plan, ledger, scheduler, outages);
  const surprises: string[] = [];

  function port<T extends object>(name: string, raw: T, latencyMs: readonly [number, number]): T {
    const effects = scheduleEffects(raw, scheduler, {
      name,
      latencyMs,
      hook: (call) => {
        const invocation = current.getStore();
        return invocation === undefined ? undefined : calls.plan(call, invocation);
      },
    });
    return new Proxy(raw, {
      get(_target, method) {
        const value: unknown = Reflect.get(effects, method);
        if (typeof value !== 'function' || typeof method === 'symbol') return value;
        return (...args: unknown[]) => guarded(raw, name, method, () => value(...args), args);
      },
    });
  }

  async function guarded(
    raw: object,
    name: string,
    method: string,
    call: () => Promise<unknown>,
    args: readonly unknown[],
  ): Promise<unknown> {
    const invocation = current.getStore();
    if (invocation?.dead) return never();
    try {
      const answer = await call();
      if (name === 'stream' && invocation !== undefined) double(raw, method, args);
      return invocation?.dead ? never() : answer;
    } catch (error) {
      if (invocation?.dead) return never();
      if (error instanceof FalseAnswer) return error.answer;
      if (error instanceof InjectedCrash) {
        invocation?.die(error);
        return never();
      }
      throw error;
    }
  }

  /** What was put into the stream is put again, later: a retry whose first try had landed. */
  function double(raw: object, method: string, args: readonly unknown[]): void {
    for (const { doubled } of faultsOf(plan, 'tick')) {
      const first = (args[0] as readonly { partitionKey: string }[])[0];
      const dice = ledger.strikeNow('tick/doubled', first?.partitionKey ?? '', doubled);
      if (dice === null) continue;
      const afterMs = dice.int(120_000);
      ledger.busyUntil(scheduler.nowMs + afterMs);
      scheduler.at(scheduler.nowMs + afterMs, () =>
        (Reflect.get(raw, method) as (...a: unknown[]) => Promise<void>).apply(raw, [...args]),
      );
    }
  }

  async function run(
    place: string,
    handler: Handler,
    event: unknown,
    context: LambdaContext,
  ): Promise<unknown> {
    const records = recordsOf(event);
    batches.enter(records);
    let died = true;
    let invocation: Invocation | null = null;
    try {
      const mayDie = batches.mayDie(records);
      if (batches.killedByRecord(records) || (mayDie && batches.crashes('start', place))) {
        // Deadly records kill while they are processed: what the function noted before has landed.
        if (records.length === 1) await noteThenDie(place, handler, event, context);
        throw new InjectedCrash('at the start');
      }
      invocation = createInvocation(place, {
        calm: ledger.roll('calm', place).next() < plan.calm,
        doom: mayDie ? batches.doom(place) : null,
        context,
      });
      const running = current.run(invocation, () => handler(event, context));
      running.catch(() => undefined);
      const answer = await Promise.race([running, invocation.death]);
      if (mayDie && batches.crashes('end', place)) throw new InjectedCrash('at the end');
      died = false;
      return records.length === 0 ? answer : batches.cut(place, records, answer);
    } catch (error) {
      if (!(error instanceof InjectedCrash)) surprise(place, error);
      throw error;
    } finally {
      batches.leave(records, died || (invocation?.dead ?? false));
    }
  }

  /** The process of a lone record dies at its second write, the first (a counter, say) has landed. */
  async function noteThenDie(
    place: string,
    handler: Handler,
    event: unknown,
    context: LambdaContext,
  ): Promise<void> {
    const dice = ledger.roll('deadly', place);
    const doom = { kind: 'crash', afterWrites: 1, dice, happened: () => undefined } as const;
    const invocation = createInvocation(place, { calm: true, doom, context });
    const running = current.run(invocation, () => handler(event, context));
    running.catch(() => undefined);
    await Promise.race([running, invocation.death]);
    invocation.dead = true;
  }

  function surprise(place: string, error: unknown): void {
    // A sweeper is allowed to fail for what it depends on: its schedule brings it back.
    if (error instanceof Error && error.name === 'UnavailableError') return;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (surprises.length < SURPRISES_MAX) surprises.push(`${place}: ${text}`);
  }

  /** The same event once more, beside whatever is delivered then; nobody hears the answer. */
  function again(place: string, handler: Handler, event: unknown, afterMs: number, name: string) {
    ledger.busyUntil(scheduler.nowMs + afterMs);
    scheduler.at(scheduler.nowMs + afterMs, () =>
      ledger.whileRunning(() => {
        const context = createContext({
          functionName: name,
          memoryMb: 1024,
          requestId: `again-${place}`,
          deadlineMs: scheduler.nowMs + FRESH_TIMEOUT_MS,
          nowMs: () => scheduler.nowMs,
        });
        return run(`${place}*`, handler, event, context);
      }),
    );
  }

  function handler(functionId: string, inner: Handler): Handler {
    return async (event, context) => {
      const records = recordsOf(event);
      const first = records[0]?.eventID ?? '';
      const place = `${functionId} ${first}+${records.length}`;
      if (records.length === 0) {
        for (const { lost, doubled } of faultsOf(plan, 'sweep')) {
          if (ledger.strikeNow('sweep/lost', place, lost) !== null) return undefined;
          const twice = ledger.strikeNow('sweep/doubled', place, doubled);
          if (twice !== null) again(place, inner, event, twice.int(30_000), functionId);
        }
      }
      for (const { rate, delayMs } of records.length > 1 ? faultsOf(plan, 'redeliver') : []) {
        const dice = ledger.strikeNow('redeliver', place, rate);
        if (dice === null) continue;
        again(place, inner, structuredClone(event), dice.between(delayMs), functionId);
      }
      return run(place, inner, event, context);
    };
  }

  function clock(inner: Clock): Clock {
    const jumps = new Map<number, number>();
    const jumpOf = (step: number) => {
      for (const { rate, jumpMs } of faultsOf(plan, 'clock')) {
        const dice = ledger.strikeNow('clock', String(step), rate);
        if (dice !== null) return dice.between([-jumpMs, jumpMs]);
      }
      return 0;
    };
    return {
      sleep: (durationMs) => inner.sleep(durationMs),
      nowMs: () => {
        const nowMs = inner.nowMs();
        const step = Math.floor(nowMs / CLOCK_STEP_MS);
        const jumpMs = jumps.get(step) ?? jumpOf(step);
        jumps.set(step, jumpMs);
        return nowMs + jumpMs;
      },
    };
  }

  function begin(mappings: readonly KinesisMapping[]): void {
    for (const { times, parallelization } of faultsOf(plan, 'restart')) {
      for (let index = 0; index < times; index += 1) {
        const moment = momentOf('restart', index);
        if (moment === null) continue;
        scheduler.at(moment.atMs, () => {
          const { dice } = moment.strike;
          const lanes = parallelization?.[dice.int(parallelization.length)];
          const mapping = mappings[dice.int(mappings.length)];
          if (mapping === undefined) return;
          moment.strike.happened();
          if (lanes !== undefined) ledger.detail(`restart/${lanes} lanes`);
          mapping.restart(lanes === undefined ? {} : { parallelizationFactor: lanes });
        });
      }
    }
  }

  return { ledger, surprises, port, handler, clock, begin };
}

/** A dead process gets no answers and does nothing more. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
