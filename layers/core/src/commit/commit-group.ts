import { answerTo, ConflictError, DeadlineError, PoisonError } from '../error';
import { decodeState, encodeState, newState, pruneMarks } from '../fold/codec';
import { OUTBOX_BYTES_MAX } from '../fold/definition';
import { fold, foldTick } from '../fold/fold';
import { stateKey } from '../fold/key';
import { noOutputs, type Outputs, oweQuarantine, rowOf } from '../fold/output';
import type { FoldContext } from '../fold/publish';
import type { Mark, SeriesState } from '../fold/state';
import type { Item } from '../port';
import { isAtOrBelow } from '../record/sequence';
import { type Group, type GroupEntry, sourceOf } from './group';
import { writeOutbox } from './outbox';
import type { CommitPorts } from './ports';
import { keepBytes } from './quarantine';

export interface CommitOptions {
  readonly ports: CommitPorts;
  readonly retentionMs: number;
  /** False when the invocation must give back what it has not committed. */
  readonly hasTime: () => boolean;
}

/** What became of one group. `failedAt` is the first record that is not committed and written. */
export interface GroupResult {
  readonly failedAt: number | null;
  readonly error: unknown;
  readonly tally: Tally;
}

export interface Tally {
  applied: number;
  late: number;
  duplicate: number;
  invalid: number;
  redelivered: number;
  conflicts: number;
  commits: number;
  rows: number;
}

/** Tries of one group before the event source has to bring it again. */
const TRIES_MAX = 3;
/** Poison records found by throwing code, in one group of one batch; more is a bug of ours. */
const THROWING_RECORDS_MAX = 32;

/**
 * The commit protocol of 11-exactly-once, section 1, for one series of one batch: fold a draft, keep
 * the bytes of what is poison, commit with the version condition and the outputs inside, then write
 * the outputs. Never throws: a group's failure must not take its neighbours with it.
 */
export async function commitGroup(
  group: Group,
  loaded: Item | undefined,
  options: CommitOptions,
): Promise<GroupResult> {
  const tally = newTally();
  const progress = { at: 0 };
  try {
    let item = loaded;
    for (let tries = 1; ; tries++) {
      if (await attempt(group, item, options, progress, tally)) break;
      tally.conflicts++;
      if (tries === TRIES_MAX) throw new ConflictError(`lost ${tries} races for one series`);
      [item] = await options.ports.state.getMany([stateKey(group.key)]);
      progress.at = 0;
    }
    return { failedAt: null, error: null, tally };
  } catch (error) {
    const failed = group.entries[progress.at] ?? group.entries.at(-1);
    return { failedAt: failed?.recordIndex ?? 0, error, tally };
  }
}

/** Answers false when another writer won. `progress.at` is the first entry not committed and written. */
async function attempt(
  group: Group,
  item: Item | undefined,
  options: CommitOptions,
  progress: { at: number },
  tally: Tally,
): Promise<boolean> {
  const { ports } = options;
  const source = sourceOf(group);
  let stored = item;
  let state = item === undefined ? newState() : decodeState(item, group.definition);
  if (state.outbox !== null && mustWriteAgain(state, group, source)) {
    await writeOutbox(ports, group.key, state.outbox);
  }
  while (progress.at < group.entries.length) {
    const draft = draftFrom(state, stored, group, progress.at);
    if (!draft.changed) {
      count(draft, tally);
      progress.at = draft.next;
      continue;
    }
    for (const kept of draft.keep) {
      await keepBytes(ports, { ...group, ...kept }, kept.source.bytes());
    }
    if (!options.hasTime()) throw new DeadlineError('the invocation is about to time out');
    const next = await commit(draft, stored, group, options);
    if (next === null) return false;
    count(draft, tally);
    tally.commits++;
    stored = next;
    state = draft.state;
    if (draft.state.outbox !== null) await writeOutbox(ports, group.key, draft.state.outbox);
    progress.at = draft.next;
  }
  return true;
}

/**
 * The outputs of the newest commit are written before its batch is acknowledged. So when the same shard
 * brings nothing but records above the mark, that batch was acknowledged and its outputs are there.
 * A tick proves nothing: its own commit does not raise the mark, so a retried tick is still above it.
 */
function mustWriteAgain(state: SeriesState, group: Group, source: string): boolean {
  const mark = state.marks.get(source);
  if (state.outbox?.shard !== source || mark === undefined) return true;
  return group.entries.some(
    ({ measurement, sequence, sub }) => measurement === null || isAtOrBelow(sequence, sub, mark),
  );
}

interface Draft {
  readonly state: SeriesState;
  readonly outputs: Outputs;
  /** First entry that is not in the draft. */
  next: number;
  /** Whether anything has to be committed. */
  changed: boolean;
  readonly keep: GroupEntry[];
  readonly counted: Pick<Tally, 'applied' | 'late' | 'duplicate' | 'invalid' | 'redelivered'>;
}

/** Folds entries from `start` on into `fresh`, the decoded `stored`, until the outputs are as many as one commit may carry. */
function draftFrom(
  fresh: SeriesState,
  stored: Item | undefined,
  group: Group,
  start: number,
): Draft {
  const poison = new Map<number, string>();
  for (let state = fresh; ; ) {
    const draft = newDraft(state, start);
    const thrown = foldInto(draft, group, poison);
    if (thrown === null) return draft;
    if (poison.size >= THROWING_RECORDS_MAX || answerTo(thrown.error) === 'retry')
      throw thrown.error;
    poison.set(thrown.at, describe(thrown.error));
    // Code that threw may have left the draft half changed: fold again from what is stored.
    state = stored === undefined ? newState() : decodeState(stored, group.definition);
  }
}

function newDraft(state: SeriesState, start: number): Draft {
  const counted = { applied: 0, late: 0, duplicate: 0, invalid: 0, redelivered: 0 };
  return { state, outputs: noOutputs(), next: start, changed: false, keep: [], counted };
}

function foldInto(
  draft: Draft,
  group: Group,
  poison: ReadonlyMap<number, string>,
): { at: number; error: unknown } | null {
  const { state, outputs } = draft;
  const source = sourceOf(group);
  const context: FoldContext = { definition: group.definition, key: group.key, state, outputs };
  let mark = state.marks.get(source) ?? null;
  for (; draft.next < group.entries.length; draft.next++) {
    if (outputs.bytes >= OUTBOX_BYTES_MAX) break;
    const entry = group.entries[draft.next] as GroupEntry;
    if (entry.measurement === null) {
      const due = state.version > 0 || draft.changed;
      if (due) draft.changed = tick(context, entry.arrivalMs) || draft.changed;
      continue;
    }
    if (mark !== null && isAtOrBelow(entry.sequence, entry.sub, mark)) {
      draft.counted.redelivered++;
      continue;
    }
    try {
      foldEntry(draft, context, entry, poison.get(draft.next));
    } catch (error) {
      return { at: draft.next, error };
    }
    mark = markOf(entry, mark);
    draft.changed = true;
  }
  if (mark !== null) state.marks.set(source, mark);
  return null;
}

function tick(context: FoldContext, arrivalMs: number): boolean {
  const { watermarkMs } = context.state;
  foldTick(context, arrivalMs);
  return context.state.watermarkMs !== watermarkMs;
}

function foldEntry(
  draft: Draft,
  context: FoldContext,
  entry: GroupEntry,
  poisonDetail: string | undefined,
): void {
  if (entry.refuse !== null) {
    quarantine(draft, entry, 'attempts', entry.refuse);
    return;
  }
  if (poisonDetail !== undefined) {
    quarantine(draft, entry, 'fold', poisonDetail);
    return;
  }
  try {
    const outcome = fold(context, entry.measurement as never, entry.arrivalMs);
    draft.counted[outcome]++;
    if (outcome === 'late') {
      const detail = 'the window and its allowed lateness were over';
      keep(draft, entry, 'late', detail);
    }
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    quarantine(draft, entry, 'fold', error.message);
  }
}

function quarantine(draft: Draft, entry: GroupEntry, reason: string, detail: string): void {
  draft.state.counters.invalid++;
  draft.counted.invalid++;
  keep(draft, entry, reason, detail);
}

function keep(draft: Draft, entry: GroupEntry, reason: string, detail: string): void {
  const { sequence, sub, arrivalMs } = entry;
  oweQuarantine(draft.outputs, { reason, detail, sequence, sub, arrivalMs });
  draft.keep.push(entry);
}

function markOf(entry: GroupEntry, previous: Mark | null): Mark {
  const arrivalMs = Math.max(entry.arrivalMs, previous?.arrivalMs ?? entry.arrivalMs);
  return { sequence: entry.sequence, sub: entry.sub, arrivalMs };
}

/** Puts the draft if nobody else has committed since it was read. Answers the stored item, or null. */
async function commit(
  draft: Draft,
  stored: Item | undefined,
  group: Group,
  options: CommitOptions,
): Promise<Item | null> {
  const { state, outputs } = draft;
  const { definition, key } = group;
  const loadedVersion = state.version;
  state.version++;
  const newest = state.marks.get(sourceOf(group));
  if (newest !== undefined) pruneMarks(state.marks, newest.arrivalMs, options.retentionMs);
  const rows = [...outputs.rows].map((window) => rowOf(window, definition));
  const { incidents, quarantine } = outputs;
  state.outbox =
    rows.length + incidents.length + quarantine.length === 0
      ? null
      : { version: state.version, shard: sourceOf(group), rows, incidents, quarantine };
  const dueMs = typeof stored?.due === 'number' ? stored.due : null;
  const item = encodeState(state, { key, definition, retentionMs: options.retentionMs, dueMs });
  const result = await options.ports.state.put(
    item,
    stored === undefined
      ? { kind: 'absent' }
      : { kind: 'equals', attribute: 'ver', value: loadedVersion },
  );
  return result === 'written' ? item : null;
}

function count(draft: Draft, tally: Tally): void {
  tally.applied += draft.counted.applied;
  tally.late += draft.counted.late;
  tally.duplicate += draft.counted.duplicate;
  tally.invalid += draft.counted.invalid;
  tally.redelivered += draft.counted.redelivered;
  tally.rows += draft.outputs.rows.size;
}

export function newTally(): Tally {
  return {
    applied: 0,
    late: 0,
    duplicate: 0,
    invalid: 0,
    redelivered: 0,
    conflicts: 0,
    commits: 0,
    rows: 0,
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
