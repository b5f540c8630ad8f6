import type { Scheduler } from './scheduler';

/** What a fault plan sees of a call before it is made. */
export interface EffectCall {
  readonly port: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What goes wrong with one call. */
export interface Fault {
  /** Added to the latency before the operation. */
  readonly delayMs?: number;
  /** Thrown to the caller in place of the answer. */
  readonly error?: unknown;
  /**
   * With `error`: the operation is never done (the default), is done before the error is thrown, or
   * is done this much later, when the caller may have retried: the write that lands late.
   */
  readonly lands?: 'never' | 'before' | { readonly afterMs: number };
}

export interface EffectOptions {
  /** Name of the port in `EffectCall`. */
  readonly name: string;
  /** Whole milliseconds a call takes, drawn from the seed, both ends included. */
  readonly latencyMs: readonly [min: number, max: number];
  readonly hook?: (call: EffectCall) => Fault | undefined;
}

type Method = (...args: unknown[]) => unknown;

/**
 * Gives every method of an asynchronous port a latency on the scheduler, half of it before and half
 * after the real operation, so that how calls interleave depends on the seed alone.
 *
 * Methods answer promises whatever the port's did; properties that are no functions pass through.
 */
export function scheduleEffects<T extends object>(
  port: T,
  scheduler: Scheduler,
  options: EffectOptions,
): T {
  const wrapped = new Map<PropertyKey, Method>();
  return new Proxy(port, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function' || typeof property === 'symbol') return value;
      let method = wrapped.get(property);
      if (method === undefined) {
        method = (...args) => call(target, property, args, scheduler, options);
        wrapped.set(property, method);
      }
      return method;
    },
  });
}

async function call(
  port: object,
  method: string,
  args: unknown[],
  scheduler: Scheduler,
  { name, latencyMs: [min, max], hook }: EffectOptions,
): Promise<unknown> {
  const operate = () =>
    scheduler.hold(() => (Reflect.get(port, method) as Method).apply(port, args));
  const latencyMs = min + scheduler.random.int(max - min + 1);
  const beforeMs = scheduler.random.int(latencyMs + 1);
  const fault = hook?.({ port: name, method, args });
  await scheduler.clock.sleep(beforeMs + (fault?.delayMs ?? 0));
  if (fault === undefined || !('error' in fault)) {
    // A refusal takes as long to come back as an answer does.
    const answer = await operate().then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    await scheduler.clock.sleep(latencyMs - beforeMs);
    return answer();
  }
  if (fault.lands === 'before') await operate();
  else if (typeof fault.lands === 'object') landLate(operate, fault.lands.afterMs, scheduler);
  await scheduler.clock.sleep(latencyMs - beforeMs);
  throw fault.error;
}

/** Nobody waits for a late write: what it answers, even a refusal, is lost as on a dead connection. */
function landLate(operate: () => Promise<unknown>, afterMs: number, scheduler: Scheduler): void {
  scheduler.at(scheduler.nowMs + afterMs, async () => {
    await operate().catch(() => undefined);
  });
}
