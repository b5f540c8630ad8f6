import type { Batch, Delivery } from './batch';
import type { Verdict } from './response';

export interface RetryPolicy {
  readonly bisect: boolean;
  /** -1 = for ever. */
  readonly maxRetryAttempts: number;
}

export interface Plan {
  /** What to invoke next, in this order. */
  readonly retry: readonly Batch[];
  readonly discard: Batch | null;
  /** `now`: the fault is being narrowed down; `first`: there was progress; `longer`: there was none. */
  readonly wait: 'now' | 'first' | 'longer';
}

/** AWS does not document its waits between retries; ours are 1 s doubling to 60 s. */
const WAIT_MS_MIN = 1_000;
const WAIT_MS_MAX = 60_000;

/** @param fruitless invocations in a row without progress, from 1 */
export function retryWaitMs(fruitless: number): number {
  return Math.min(WAIT_MS_MIN * 2 ** (fruitless - 1), WAIT_MS_MAX);
}

/**
 * What becomes of a batch that was not done. A batch that threw is halved (with bisect), which uses
 * up no retry; a partial response is cut where it says, and only the rest comes again.
 */
export function planRetry(batch: Batch, verdict: Verdict, policy: RetryPolicy): Plan {
  if (verdict.kind === 'throttled') {
    // An error before the invocation never counts against the retries, only against the age.
    return { retry: [batch], discard: null, wait: 'longer' };
  }
  if (verdict.kind === 'cut' && verdict.index > 0) {
    // Earlier failures were those of records that are done now.
    const rest = { ...part(batch, batch.deliveries.slice(verdict.index)), failures: 0 };
    // Without bisect the rest has used up a try; with it the cut counts as a split.
    return policy.bisect
      ? { retry: [rest], discard: null, wait: 'first' }
      : count(rest, policy, 'first');
  }
  if (verdict.kind === 'failed' && policy.bisect && batch.deliveries.length > 1) {
    const middle = Math.ceil(batch.deliveries.length / 2);
    const halves = [batch.deliveries.slice(0, middle), batch.deliveries.slice(middle)];
    return { retry: halves.map((half) => part(batch, half)), discard: null, wait: 'now' };
  }
  return count(batch, policy, 'longer');
}

function part(batch: Batch, deliveries: readonly Delivery[]): Batch {
  return { ...batch, deliveries };
}

function count(batch: Batch, { maxRetryAttempts }: RetryPolicy, wait: Plan['wait']): Plan {
  const failed = { ...batch, failures: batch.failures + 1 };
  if (maxRetryAttempts >= 0 && failed.failures > maxRetryAttempts) {
    return { retry: [], discard: failed, wait: 'now' };
  }
  return { retry: [failed], discard: null, wait };
}
