import { MARK_MARGIN_MS, pruneMarks } from '../fold/codec';
import { quarantineKey } from '../fold/key';
import { MARKS_BYTES_MAX } from '../fold/size';
import type { SeriesState } from '../fold/state';
import { type Group, type GroupEntry, sourceOf } from './group';
import type { CommitPorts } from './ports';

/**
 * A series keeps a mark of every shard it has met within the retention. When that many are kept, a shard
 * it does not know gets none, and without one its measurements could count twice: they are quarantined
 * (reason `marks`) by the same commit, and the quarantine index stands in for the mark.
 */
export const MARKS_MAX = 500;

export const MARKS_REASON = 'marks';

/** Kinesis numbers have 56 digits; a mark grows with its number, but no further than this. */
const SEQUENCE_DIGITS = 56;
/**
 * JSON of a mark around shard and number: brackets, commas, quotes, sub, arrival. Names of streams and
 * shards are letters, digits, dots and dashes: as many bytes as characters.
 */
const MARK_FRAME_BYTES = 34;

/** Whether a state may get a mark of a shard it has none of, once those are gone that nobody needs. */
export function hasRoomForMark(
  state: SeriesState,
  source: string,
  entry: GroupEntry,
  options: MarkOptions,
): boolean {
  const { marks } = state;
  const added = markBytes(source, entry.sequence.length);
  const fits = () => marks.size < options.marksMax && added + marksBytes(marks) <= MARKS_BYTES_MAX;
  if (fits()) return true;
  pruneMarks(marks, entry.arrivalMs, options.retentionMs);
  return fits();
}

export interface MarkOptions {
  readonly marksMax: number;
  readonly retentionMs: number;
}

function marksBytes(marks: SeriesState['marks']): number {
  let bytes = 0;
  for (const [source, { sequence }] of marks) bytes += markBytes(source, sequence.length);
  return bytes;
}

function markBytes(source: string, digits: number): number {
  return source.length + Math.max(digits, SEQUENCE_DIGITS) + MARK_FRAME_BYTES;
}

/** A refused measurement is remembered as long as it may come again, as marks are. */
export function forgetRefusal(state: SeriesState, arrivalMs: number, retentionMs: number): void {
  const { refusedMs } = state;
  if (refusedMs !== null && arrivalMs > refusedMs + retentionMs + MARK_MARGIN_MS) {
    state.refusedMs = null;
  }
}

/**
 * The entries of a group that were refused for want of a mark before: they are in the quarantine index.
 * Asked for only where that can be, and after the outbox that may still owe the index has been written.
 */
export async function refusedBefore(
  ports: CommitPorts,
  group: Group,
  state: SeriesState,
): Promise<ReadonlySet<GroupEntry>> {
  if (state.refusedMs === null || state.marks.has(sourceOf(group))) return new Set();
  const { stream, shard } = group;
  const { metric } = group.key;
  const byKey = new Map<string, GroupEntry[]>();
  for (const entry of group.entries) {
    if (entry.measurement === null) continue;
    const { sk } = quarantineKey({ stream, shard, metric, ...entry });
    byKey.set(sk, [...(byKey.get(sk) ?? []), entry]);
  }
  const { pk } = quarantineKey({ stream, shard, metric, sequence: '', sub: 0 });
  const items = await ports.control.getMany([...byKey.keys()].map((sk) => ({ pk, sk })));
  return new Set(items.flatMap((item) => (item === undefined ? [] : (byKey.get(item.sk) ?? []))));
}
