import type { AggregatePlan } from '../aggregate/aggregate';
import { planAggregates } from '../aggregate/plan';
import type { Metric } from '../pipeline/pipeline';
import { DEDUPE_KEY_BYTES_MAX } from '../record/dedupe-key';
import { heldWindowsMax } from './window';

/**
 * Bytes of window state one item may hold. DynamoDB refuses items above 400 KB; beside the windows the
 * item holds an outbox of `OUTBOX_BYTES_MAX` and the rows of the open windows that the record which
 * filled it may publish, marks, detector and keys.
 */
export const WINDOWS_BYTES_MAX = 140_000;
/** A commit carries outputs up to this size and the record that passed it; the rest is the next commit's. */
export const OUTBOX_BYTES_MAX = 80_000;
/** Keys a window remembers for `dedupe`; further records apply and are counted. */
export const DEDUPE_KEYS_MAX = 256;

/** JSON around the aggregate of a window: start, end, rev, late. */
const FRAME_BYTES = 50;
/** With a detector also score, band and incident id. */
const VERDICT_BYTES = 150;

export function frameBytes(metric: Metric): number {
  return FRAME_BYTES + (metric.detect === null ? 0 : VERDICT_BYTES);
}

/** The largest one window of a metric can become. */
export function windowBytesMax(metric: Metric, plan: AggregatePlan): number {
  const keyBytes = metric.dedupe === null ? 0 : DEDUPE_KEYS_MAX * (DEDUPE_KEY_BYTES_MAX + 3);
  return plan.bytesMax + keyBytes + frameBytes(metric);
}

/** What speaks against keeping a metric's windows in one item: an error, a warning, or neither. */
export function sizeOf(metric: Metric): { readonly error?: string; readonly warning?: string } {
  const plan = planAggregates(metric.aggregates);
  const windows = heldWindowsMax(metric);
  const least = windows * (plan.bytes(plan.create()) + frameBytes(metric));
  const one = windowBytesMax(metric, plan);
  if (one > WINDOWS_BYTES_MAX) {
    return { error: `one window may need ${one} bytes of state, at most ${WINDOWS_BYTES_MAX} fit` };
  }
  if (least > WINDOWS_BYTES_MAX) {
    const held = `outOfOrderness and allowedLateness hold up to ${windows} windows a series`;
    return { error: `${held}, ${least} bytes of state, at most ${WINDOWS_BYTES_MAX} fit` };
  }
  if (windows * one <= WINDOWS_BYTES_MAX) return {};
  const fit = Math.floor(WINDOWS_BYTES_MAX / one);
  const held = `up to ${windows} windows a series are held for late data`;
  return {
    warning: `${held}; when full of distinct values ${fit} fit, and the oldest close early`,
  };
}
