import { ConflictError, DeadlineError, UndecodableStateError } from '../error';
import { encodeState, newState, pruneMarks } from '../fold/codec';
import { stateKey } from '../fold/key';
import { MARKS_MAX } from '../fold/marks';
import { rowOf } from '../fold/output';
import type { Outbox, SeriesState } from '../fold/state';
import { UNKEYED } from '../partition-key';
import type { Item } from '../port';
import type { KeptFor } from '../quarantine/bytes';
import { keepOf } from '../quarantine/entry';
import { isAtOrBelow } from '../record/sequence';
import { decodeState } from '../stored/decode-state';
import { forEachBounded } from './bounded';
import { type Draft, draftFrom, type KeptRecord } from './draft';
import { type Group, sourceOf } from './group';
import { stateItemBytes } from './item-size';
import { forgetRefusal, onlyMarkOf, refusedBefore } from './marks';
import { writeOutbox } from './outbox';
import { park } from './park';
import type { CommitPorts } from './ports';
import { newTally, type Tally } from './tally';

export interface CommitOptions extends KeptFor {
  readonly ports: CommitPorts;
  /** False when the invocation must give back what it has not committed. */
  readonly hasTime: () => boolean;
  /** Shards a series remembers; a test may want fewer. */
  readonly marksMax?: number;
}

/** What became of one group. `failedAt` is the first record that is not committed and written. */
export interface GroupResult {
  readonly failedAt: number | null;
  readonly error: unknown;
  readonly tally: Tally;
  /** Size of the largest item that was put; 0 = none. */
  readonly itemBytes: number;
  /** The state could not be decoded: the group's records are parked. */
  readonly undecodable: boolean;
}

/** Tries of one group before the event source has to bring it again. */
const TRIES_MAX = 3;
/**
 * Without partition keys every lane of every shard writes the same state: of so many writers one wins
 * each race, and a batch that loses all of its tries comes again whole.
 */
const UNKEYED_TRIES_MAX = 16;
/** Refused records whose bytes are written at once, before one commit. */
const PARALLEL_KEPT_MAX = 16;

/**
 * The commit protocol (docs/guarantees.md) for one series of one batch: fold a draft, keep
 * the bytes of what is poison, commit with the version condition and the outputs inside, then write
 * the outputs. Never throws: a group's failure must not take its neighbours with it.
 */
export async function commitGroup(
  group: Group,
  loaded: Item | undefined,
  options: CommitOptions,
): Promise<GroupResult> {
  const tally = newTally();
  if (group.definition.orphan && !isOrphaned(group, loaded)) {
    return { failedAt: null, error: null, tally, itemBytes: 0, undecodable: false };
  }
  const progress = { at: 0, committed: 0, itemBytes: 0 };
  const triesMax = group.key.partitionKey === UNKEYED ? UNKEYED_TRIES_MAX : TRIES_MAX;
  try {
    let item = loaded;
    for (let tries = 1; ; tries++) {
      if (await attempt(group, item, options, progress, tally)) break;
      tally.conflicts++;
      if (tries >= triesMax) throw new ConflictError(`lost ${tries} races for one series`);
      [item] = await options.ports.state.getMany([stateKey(group.key)]);
      // What is committed stays committed, and without a partition key it may be forgotten by now.
      progress.at = progress.committed;
    }
    const { itemBytes } = progress;
    return { failedAt: null, error: null, tally, itemBytes, undecodable: false };
  } catch (error) {
    if (error instanceof UndecodableStateError) {
      return park(group, progress.committed, error, tally, options);
    }
    const failed = group.entries[progress.at] ?? group.entries.at(-1);
    const failedAt = failed?.recordIndex ?? 0;
    return { failedAt, error, tally, itemBytes: progress.itemBytes, undecodable: false };
  }
}

/**
 * A metric this code does not know may be one that newer code has just added. Only after a silence
 * longer than a deployment takes is it taken for removed, and what it left open is closed.
 */
const ORPHAN_SILENCE_MS = 10 * 60_000;

function isOrphaned(group: Group, item: Item | undefined): boolean {
  const arrivalMs = group.entries.at(-1)?.arrivalMs ?? 0;
  return item !== undefined && arrivalMs - Number(item.la) >= ORPHAN_SILENCE_MS;
}

/** Answers false when another writer won. `progress.at` is the first entry not committed and written. */
async function attempt(
  group: Group,
  item: Item | undefined,
  options: CommitOptions,
  progress: { at: number; committed: number; itemBytes: number },
  tally: Tally,
): Promise<boolean> {
  const { ports } = options;
  let stored = item;
  let state = item === undefined ? newState() : decodeState(item, group.definition);
  if (state.outbox !== null && mustWriteAgain(state.outbox, state, group)) {
    await writeOutbox(ports, group.key, state.outbox, options);
  }
  const refused = await refusedBefore(ports, group, state);
  const { retentionMs, marksMax = MARKS_MAX } = options;
  while (progress.at < group.entries.length) {
    const draft = draftFrom(state, stored, group, progress.at, { retentionMs, marksMax, refused });
    if (!draft.changed) {
      count(draft, tally);
      progress.at = draft.next;
      progress.committed = draft.next;
      continue;
    }
    await forEachBounded(draft.keep, PARALLEL_KEPT_MAX, async (kept) => {
      if (!options.hasTime()) throw new DeadlineError('the invocation is about to time out');
      await keep(kept, group, options);
    });
    if (!options.hasTime()) throw new DeadlineError('the invocation is about to time out');
    const next = await commit(draft, stored, group, options);
    if (next === null) return false;
    progress.itemBytes = Math.max(progress.itemBytes, stateItemBytes(next));
    count(draft, tally);
    // Another writer may win the next commit and leave an item behind that cannot be read.
    progress.committed = Math.max(progress.committed, draft.next);
    tally.commits++;
    if (stored === undefined) tally.newSeries++;
    stored = next;
    state = draft.state;
    if (draft.state.outbox !== null)
      await writeOutbox(ports, group.key, draft.state.outbox, options);
    progress.at = draft.next;
  }
  return true;
}

/**
 * The outputs of the newest commit are written before its batch is acknowledged. So when its source
 * brings nothing but records above the mark, that batch was acknowledged and its outputs are there.
 * Records of one source prove nothing about those of another: they go through lanes of their own.
 * A tick proves nothing: its own commit does not raise the mark, so a retried tick is still above it.
 */
function mustWriteAgain(outbox: Outbox, state: SeriesState, group: Group): boolean {
  const only = onlyMarkOf(group);
  const mark = only === null ? undefined : state.marks.get(only);
  const outboxMark = outbox.mark === undefined ? outbox.shard : outbox.mark;
  if (outboxMark !== only || mark === undefined) return true;
  return group.entries.some(
    ({ measurement, sequence, sub }) => measurement === null || isAtOrBelow(sequence, sub, mark),
  );
}

/** Before the commit: what it owes the index must never name bytes that are nowhere. */
async function keep(
  { entry, refused }: KeptRecord,
  group: Group,
  options: CommitOptions,
): Promise<void> {
  const at = await keepOf(options.ports, group, entry, refused[0], options);
  for (const output of refused) output.at = at;
}

/** Puts the draft if nobody else has committed since it was read. Answers the stored item, or null. */
async function commit(
  draft: Draft,
  stored: Item | undefined,
  group: Group,
  options: CommitOptions,
): Promise<Item | null> {
  const { state, outputs, marks } = draft;
  const { definition, key } = group;
  const loadedVersion = state.version;
  state.version++;
  const { newestMs, only } = marks;
  if (newestMs !== null) {
    pruneMarks(state.marks, newestMs, options.retentionMs);
    forgetRefusal(state, newestMs, options.retentionMs);
  }
  const rows = [
    ...outputs.retiredRows,
    ...[...outputs.rows.keys()].map((window) => rowOf(window, definition, state.epoch)),
  ];
  state.retired = null;
  const { incidents, quarantine } = outputs;
  const shard = sourceOf(group);
  const owed = { version: state.version, shard, rows, incidents, quarantine };
  state.outbox =
    rows.length + incidents.length + quarantine.length === 0
      ? null
      : only === shard
        ? owed
        : { ...owed, mark: only };
  // Of an item that was spoilt it may be anything.
  const dueMs = Number.isSafeInteger(stored?.due) ? (stored?.due as number) : null;
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
  for (const name of Object.keys(draft.counted) as (keyof Draft['counted'])[]) {
    tally[name] += draft.counted[name];
  }
  tally.rows += draft.outputs.rows.size + draft.outputs.retiredRows.length;
}
