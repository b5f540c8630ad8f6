import { DeadlineError, type UndecodableStateError } from '../error';
import { quarantineUncounted } from '../quarantine/entry';
import { forEachBounded } from './bounded';
import type { CommitOptions, GroupResult } from './commit-group';
import type { Group, GroupEntry } from './group';
import type { Tally } from './tally';

/** Stream records of one series that are parked at once. */
const PARALLEL_PARKED_MAX = 16;

/**
 * Puts the measurements of a series whose state cannot be decoded into the quarantine (reason `state`), so
 * that its lane goes on: one entry for each stream record, created once. Ticks do nothing.
 */
export async function park(
  group: Group,
  from: number,
  error: UndecodableStateError,
  tally: Tally,
  options: CommitOptions,
): Promise<GroupResult> {
  const why = {
    reason: 'state',
    detail: `the state of the series cannot be decoded: ${error.message}`,
  };
  const records = byRecord(group.entries.slice(from));
  let failed: { at: number; error: unknown } | null = null;
  await forEachBounded(records, PARALLEL_PARKED_MAX, async (entries, index) => {
    // What stands behind a failure comes again whatever becomes of it.
    if (failed !== null && failed.at < index) return;
    try {
      if (!options.hasTime()) throw new DeadlineError('the invocation is about to time out');
      const { ports } = options;
      const isNew = await quarantineUncounted(ports, group, entries, why, options);
      tally[isNew ? 'invalid' : 'redelivered'] += entries.length;
      if (isNew) tally.parked += entries.length;
    } catch (thrown) {
      if (failed === null || index < failed.at) failed = { at: index, error: thrown };
    }
  });
  return resultOf(records, failed, tally);
}

function resultOf(
  records: readonly OfRecord[],
  failed: { readonly at: number; readonly error: unknown } | null,
  tally: Tally,
): GroupResult {
  const done = { tally, itemBytes: 0, undecodable: true };
  if (failed === null) return { ...done, failedAt: null, error: null };
  const failedAt = records[failed.at]?.[0]?.recordIndex ?? 0;
  return { ...done, failedAt, error: failed.error };
}

/** Measurements that one stream record brought. */
type OfRecord = [GroupEntry, ...GroupEntry[]];

/** Measurements by stream record, in the order of the shard; ticks are none. */
function byRecord(entries: readonly GroupEntry[]): OfRecord[] {
  const records: OfRecord[] = [];
  let sequence: string | null = null;
  for (const entry of entries) {
    if (entry.measurement === null) continue;
    if (entry.sequence === sequence) records.at(-1)?.push(entry);
    else records.push([entry]);
    sequence = entry.sequence;
  }
  return records;
}
