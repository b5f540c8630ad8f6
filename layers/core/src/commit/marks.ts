import { MARK_MARGIN_MS, pruneMarks } from '../fold/codec';
import { quarantineKey } from '../fold/key';
import { inheritedMark, isUnkeyed, markBytes, marksBytes } from '../fold/marks';
import { MARKS_BYTES_MAX } from '../fold/size';
import type { Mark, SeriesState } from '../fold/state';
import type { Key } from '../port';
import { isAtOrBelow } from '../record/sequence';
import { type Group, type GroupEntry, sourceOf } from './group';
import type { CommitPorts } from './ports';
import { boundSeen, SeenWindow } from './seen-window';

/*
 * A series keeps a mark of every shard it has met within the retention, and of every carrier in it.
 * When MARKS_MAX are kept, what would need another gets none, and without one its measurements could
 * count twice: they are quarantined (reason `marks`) by the same commit, and the quarantine index stands
 * in for the mark.
 */
export const MARKS_REASON = 'marks';

/** Whether a state may get a mark that it has not, once those are gone that nobody needs. */
export function hasRoomForMark(
  state: SeriesState,
  name: string,
  entry: GroupEntry,
  options: MarkOptions,
): boolean {
  const { marks } = state;
  const added = markBytes(name, entry.sequence.length);
  const fits = () => marks.size < options.marksMax && added + marksBytes(marks) <= MARKS_BYTES_MAX;
  if (fits()) return true;
  pruneMarks(marks, entry.arrivalMs, options.retentionMs);
  return fits();
}

export interface MarkOptions {
  readonly marksMax: number;
  readonly retentionMs: number;
}

/** The marks of a draft, by source: entries of one source come in rows, so that most look nothing up. */
export class DraftMarks {
  readonly #state: SeriesState;
  readonly #ofShard: string;
  #name: string | null = null;
  #mark: Mark | null = null;
  #inherited: Mark | null = null;
  /** In place of the mark, for what has no partition key. */
  #seen: SeenWindow | null = null;
  /** Mark of every entry so far; null = they have several; undefined = no entry yet. */
  #only: string | null | undefined;
  #newestMs = Number.NEGATIVE_INFINITY;

  constructor(state: SeriesState, ofShard: string) {
    this.#state = state;
    this.#ofShard = ofShard;
  }

  /** Turns to the source of an entry. */
  turnTo(entry: GroupEntry): void {
    const name = entry.mark ?? this.#ofShard;
    if (name === this.#name) return;
    this.flush();
    const { marks } = this.#state;
    this.#name = name;
    this.#mark = marks.get(name) ?? null;
    this.#seen = isUnkeyed(name) ? new SeenWindow(this.#mark) : null;
    this.#inherited = marks.get(inheritedMark(name)) ?? null;
    this.#only = this.#only === undefined || this.#only === name ? name : null;
  }

  get name(): string {
    return this.#name ?? this.#ofShard;
  }

  get isMissing(): boolean {
    return this.#mark === null;
  }

  /** Whether the state holds the entry already. */
  holds(entry: GroupEntry): boolean {
    if (this.#seen !== null) return this.#seen.holds(entry);
    const { sequence, sub } = entry;
    if (this.#mark !== null && isAtOrBelow(sequence, sub, this.#mark)) return true;
    return this.#inherited !== null && isAtOrBelow(sequence, sub, this.#inherited);
  }

  /** Whether it cannot be told that the state does not hold an entry which it is not known to hold. */
  isStale(entry: GroupEntry): boolean {
    return this.#seen?.isStale(entry) ?? false;
  }

  raise(entry: GroupEntry): void {
    if (this.#seen !== null) {
      this.#seen.add(entry);
      this.#mark = this.#seen.toMark();
      return;
    }
    const { sequence, sub, arrivalMs } = entry;
    const newestMs = Math.max(arrivalMs, this.#mark?.arrivalMs ?? arrivalMs);
    this.#mark = { sequence, sub, arrivalMs: newestMs };
  }

  flush(): void {
    const mark = this.#mark;
    if (mark === null || this.#name === null) return;
    this.#state.marks.set(this.#name, mark);
    if (this.#seen !== null) boundSeen(this.#state.marks);
    this.#newestMs = Math.max(this.#newestMs, mark.arrivalMs);
  }

  /** Mark of all entries that were turned to; null = they have several, or one that orders nothing. */
  get only(): string | null {
    return this.#only === undefined ? this.#ofShard : ordered(this.#only);
  }

  /** Newest arrival that their marks know; null = none has a mark. */
  get newestMs(): number | null {
    return Number.isFinite(this.#newestMs) ? this.#newestMs : null;
  }
}

/** A newer record without a partition key says nothing about older ones. */
function ordered(mark: string | null): string | null {
  return mark === null || isUnkeyed(mark) ? null : mark;
}

/** The one mark of all entries of a group; null = they have several, or one that orders nothing. */
export function onlyMarkOf(group: Group): string | null {
  const ofShard = sourceOf(group);
  const first = group.entries[0]?.mark ?? ofShard;
  for (const { mark } of group.entries) if ((mark ?? ofShard) !== first) return null;
  return ordered(first);
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
  if (state.refusedMs === null) return new Set();
  const { stream, shard } = group;
  const { metric } = group.key;
  const ofShard = sourceOf(group);
  const byKey = new Map<string, { readonly key: Key; readonly entries: GroupEntry[] }>();
  for (const entry of group.entries) {
    if (entry.measurement === null || state.marks.has(entry.mark ?? ofShard)) continue;
    const key = quarantineKey({ stream, shard, metric, ...entry });
    const known = byKey.get(key.sk);
    if (known === undefined) byKey.set(key.sk, { key, entries: [entry] });
    else known.entries.push(entry);
  }
  const items = await ports.control.getMany([...byKey.values()].map(({ key }) => key));
  return new Set(items.flatMap((item) => byKey.get(item?.sk ?? '')?.entries ?? []));
}
