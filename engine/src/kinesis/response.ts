import type { Outcome } from '../invoke/function-host';
import type { Batch } from './batch';

/** What an invocation means for its batch. */
export type Verdict =
  | { readonly kind: 'done' }
  /** Records before `index` are done, everything from it on comes again. */
  | { readonly kind: 'cut'; readonly index: number }
  | { readonly kind: 'failed' }
  | { readonly kind: 'throttled' };

const DONE: Verdict = { kind: 'done' };
const FAILED: Verdict = { kind: 'failed' };

/** @param reports whether the mapping has ReportBatchItemFailures; else the answer is not looked at */
export function judge(outcome: Outcome, batch: Batch, reports: boolean): Verdict {
  if (outcome.status === 'throttled') return { kind: 'throttled' };
  if (outcome.status !== 'success') return FAILED;
  return reports ? readResponse(outcome.value, batch) : DONE;
}

/**
 * The documented reading: nothing, or no list, or an empty one is a success; an identifier that is
 * empty or not of this batch, and any other shape, fails the whole batch.
 */
function readResponse(value: unknown, batch: Batch): Verdict {
  if (value === undefined || value === null) return DONE;
  if (typeof value !== 'object' || Array.isArray(value)) return FAILED;
  const failures = (value as { batchItemFailures?: unknown }).batchItemFailures;
  if (failures === undefined || failures === null) return DONE;
  if (!Array.isArray(failures)) return FAILED;
  if (failures.length === 0) return DONE;
  const places = new Map(batch.deliveries.map(({ record }, index) => [record.sequence, index]));
  let lowest = Number.POSITIVE_INFINITY;
  for (const failure of failures as unknown[]) {
    const index = places.get((failure as { itemIdentifier?: string } | null)?.itemIdentifier ?? '');
    if (index === undefined) return FAILED;
    lowest = Math.min(lowest, index);
  }
  return { kind: 'cut', index: lowest };
}
