import { REMEMBERED_MAX } from '@millrace/core/record/dedupe-key';
import type { AccountingView } from '@millrace/core/results/view';
import { grouped } from '../output';

/** `accounting.json`, in the order of its fields. */
export interface Accounting {
  readonly records: number;
  readonly in: number;
  readonly applied: number;
  readonly late: number;
  readonly duplicate: number;
  readonly invalid: number;
  readonly unmatched: number;
  readonly redelivered: number;
  readonly revised: number;
  /** Applied when their window had more dedupe keys than it remembers: duplicates may be among them. */
  readonly dedupeOverflow: number;
  /** States whose counters cannot be read: what they counted is in no other number. Absent = none. */
  readonly undecodable?: number;
}

/**
 * Puts the two sides together: what the source held, and what was committed.
 * @param source counted from the recording itself
 * @param committed counted from the tables
 */
export function accountingOf(
  source: { readonly records: number; readonly in: number },
  committed: AccountingView,
  redelivered: number,
): Accounting {
  const { applied, late, duplicate, invalid, unmatched, revised, dedupeOverflow } = committed;
  const { undecodable } = committed;
  return {
    records: source.records,
    in: source.in,
    applied,
    late,
    duplicate,
    invalid,
    unmatched,
    redelivered,
    revised,
    dedupeOverflow,
    ...(undecodable !== undefined && { undecodable }),
  };
}

/** Measurements of the source that were not committed; negative when more was committed than came. */
export function missing({ in: count, ...sides }: Accounting): number {
  const { applied, late, duplicate, invalid, unmatched } = sides;
  return count - applied - late - duplicate - invalid - unmatched;
}

/** `in 33,120 = applied 33,101 + late 7 + duplicate 4 + invalid 8`, with what is counted beside it. */
export function accountingLine(accounting: Accounting): string {
  const { applied, late, duplicate, invalid, unmatched } = accounting;
  const equals = missing(accounting) === 0 ? '=' : '≠';
  const terms = Object.entries({ applied, late, duplicate, invalid });
  if (unmatched !== 0) terms.push(['unmatched', unmatched]);
  const right = terms.map(([name, count]) => `${name} ${grouped(count)}`).join(' + ');
  return `in ${grouped(accounting.in)} ${equals} ${right}`;
}

/** What a newcomer with another pipeline's data needs to hear; nothing when some record was of use. */
export function unmatchedHint(
  { records, in: count, unmatched }: Accounting,
  pipeline: string,
): readonly string[] {
  if (records === 0 || unmatched < count) return [];
  return [`no record matches a metric of ${pipeline}: does its "match" fit them?`];
}

/** `redelivered 12, revised 3`, and what duplicates may have passed. */
export function besideLine({
  redelivered,
  revised,
  dedupeOverflow,
  undecodable = 0,
}: Accounting): string {
  const parts = [`redelivered ${grouped(redelivered)}`, `revised ${grouped(revised)}`];
  if (dedupeOverflow > 0) parts.push(`dedupeOverflow ${grouped(dedupeOverflow)}`);
  if (undecodable > 0) parts.push(`${grouped(undecodable)} states cannot be decoded`);
  return parts.join(', ');
}

/** Nothing while every window remembers all of its keys. */
export function overflowHint({ dedupeOverflow }: Accounting): readonly string[] {
  if (dedupeOverflow === 0) return [];
  const records = `${grouped(dedupeOverflow)} ${dedupeOverflow === 1 ? 'record' : 'records'}`;
  return [
    `${records} came when their window had more dedupe keys than it remembers, so duplicates of older ones count: raise "remember" (at most ${grouped(REMEMBERED_MAX)})`,
  ];
}
