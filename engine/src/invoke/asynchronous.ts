import type { Scheduler } from '../scheduler';
import type { FunctionHost, Invocation } from './function-host';

/** Lambda's documented waits between the three attempts of an asynchronous invocation. */
const ERROR_WAITS_MS = [60_000, 120_000];
/** A throttled event is tried again for up to six hours, 1 s doubling to 5 min. */
const THROTTLE_WAIT_MS_MAX = 300_000;
const EVENT_AGE_MS_MAX = 6 * 3_600_000;

/** Invokes as EventBridge does: nobody waits for the answer, and what fails is tried twice more. */
export async function invokeAsynchronously(
  host: FunctionHost,
  invocation: Invocation,
  scheduler: Scheduler,
): Promise<void> {
  const expiresMs = scheduler.nowMs + EVENT_AGE_MS_MAX;
  let errors = 0;
  let throttles = 0;
  while (scheduler.nowMs < expiresMs) {
    const { status } = await host.invoke(invocation);
    if (status === 'success') return;
    const waitMs =
      status === 'throttled'
        ? Math.min(1_000 * 2 ** throttles++, THROTTLE_WAIT_MS_MAX)
        : ERROR_WAITS_MS[errors++];
    if (waitMs === undefined) return;
    await scheduler.clock.sleep(waitMs);
  }
}
