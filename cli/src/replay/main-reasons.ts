import { grouped } from '../output';
import type { Accounting } from './accounting';

/** What was refused for one reason by one metric. */
export interface MainReason {
  readonly reason: string;
  readonly metric: string | null;
  /** Measurements. */
  readonly count: number;
  /** Of the first of them. */
  readonly detail: string;
}

/** A line of `quarantine.ndjson`, as far as it matters here. */
interface Refused {
  readonly reason: string;
  readonly metric: string | null;
  readonly detail: string;
  /** Absent = 1. */
  readonly count?: number;
}

/** More of them hide the first. */
const REASONS_SHOWN_MAX = 3;

/** From here on a run is said not to have gone well: what it shows is made of the lesser part. */
const REFUSED_SHARE_TOLD = 0.5;

/** The most frequent first. */
export function mainReasons(refused: Iterable<Refused>): readonly MainReason[] {
  const reasons = new Map<string, { -readonly [K in keyof MainReason]: MainReason[K] }>();
  for (const { reason, metric, detail, count = 1 } of refused) {
    const key = JSON.stringify([reason, metric]);
    const known = reasons.get(key);
    if (known === undefined) reasons.set(key, { reason, metric, count, detail });
    else known.count += count;
  }
  return [...reasons.values()].sort((a, b) => b.count - a.count);
}

/** `199 invalid: transform: flatten: TypeError: x is not a function`, for the main reasons. */
export function reasonLines(reasons: readonly MainReason[]): readonly string[] {
  const lines = reasons.slice(0, REASONS_SHOWN_MAX).map(reasonLine);
  const hidden = reasons.slice(REASONS_SHOWN_MAX).reduce((sum, { count }) => sum + count, 0);
  return hidden === 0 ? lines : [...lines, `${grouped(hidden)} for other reasons`];
}

function reasonLine({ reason, metric, count, detail }: MainReason): string {
  if (reason === 'late') {
    const of = metric === null ? '' : ` for ${metric}`;
    return `${grouped(count)} late${of}: their windows were over; a larger "allowedLateness" or "outOfOrderness" counts them`;
  }
  const by = metric === null ? reason : `${reason} of ${metric}`;
  return `${grouped(count)} invalid: ${by}: ${detail}`;
}

/**
 * A sum that adds up may still hold next to nothing; null while most of what a metric wants counts.
 * Unmatched records are no fault: a stream may carry much that no metric is about.
 */
export function refusedVerdict({ in: count, unmatched, invalid, late }: Accounting): string | null {
  const wanted = count - unmatched;
  const refused = invalid + late;
  if (refused === 0 || refused < REFUSED_SHARE_TOLD * wanted) return null;
  const what =
    refused === wanted
      ? 'every measurement'
      : `${grouped(refused)} of ${grouped(wanted)} measurements`;
  const were = late === 0 ? 'invalid' : invalid === 0 ? 'late' : 'invalid or late';
  return `${what} ${refused === wanted ? 'was' : 'were'} ${were}: the results show little or nothing of the data`;
}
