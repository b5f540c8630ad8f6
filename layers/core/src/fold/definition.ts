import type { AggregatePlan } from '../aggregate/aggregate';
import { planAggregates } from '../aggregate/plan';
import type { Detector } from '../detector/detector';
import { detectorNamed } from '../detector/registry';
import type { Metric } from '../pipeline/pipeline';
import { DEDUPE_KEY_BYTES_MAX } from '../record/dedupe-key';
import { heldWindowsMax } from './window';

/** A metric compiled once: all that folding one of its series needs, and that never changes. */
export interface Definition {
  readonly metric: Metric;
  readonly plan: AggregatePlan;
  readonly detector: Detector | null;
  /** Silence after which a series starts anew. */
  readonly stateTtlMs: number;
  /** False when even the largest windows fit the item: nothing is measured per record then. */
  readonly measured: boolean;
}

/**
 * Bytes of window state one item may hold. DynamoDB refuses items above 400 KB, and the worst item holds
 * them twice: one record may publish every held window into an outbox that is already full.
 */
export const WINDOWS_BYTES_MAX = 150_000;
/** A commit carries outputs up to this size and the record that passed it; the rest is the next commit's. */
export const OUTBOX_BYTES_MAX = 80_000;
/** Keys a window remembers for `dedupe`; further records apply and are counted. */
export const DEDUPE_KEYS_MAX = 256;
/** JSON around the aggregate of a window: start, rev, late, score, band, incident id. */
export const WINDOW_OVERHEAD_BYTES = 200;

export function defineMetric(metric: Metric, stateTtlMs: number): Definition {
  const plan = planAggregates(metric.aggregates);
  const keyBytes = metric.dedupe === null ? 0 : DEDUPE_KEYS_MAX * (DEDUPE_KEY_BYTES_MAX + 3);
  const windowBytes = plan.bytesMax + keyBytes + WINDOW_OVERHEAD_BYTES;
  return {
    metric,
    plan,
    detector: metric.detect === null ? null : detectorNamed(metric.detect.detector),
    stateTtlMs,
    measured: heldWindowsMax(metric) * windowBytes > WINDOWS_BYTES_MAX,
  };
}
