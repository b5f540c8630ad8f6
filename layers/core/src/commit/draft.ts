import { answerTo, PoisonError } from '../error';
import { newState } from '../fold/codec';
import { fold, foldTick } from '../fold/fold';
import { noOutputs, type Outputs, oweQuarantine, oweRetired } from '../fold/output';
import type { FoldContext } from '../fold/publish';
import { OUTBOX_BYTES_MAX } from '../fold/size';
import type { QuarantineOutput, SeriesState } from '../fold/state';
import type { Item } from '../port';
import { addToOutput, outputOf } from '../quarantine/entry';
import { DETAIL_LENGTH_MAX } from '../quarantine/refusals';
import type { Measurement } from '../record/record';
import { decodeState } from '../stored/decode-state';
import { type Group, type GroupEntry, sourceOf } from './group';
import { DraftMarks, hasRoomForMark, MARKS_REASON, type MarkOptions } from './marks';
import { STALE_REASON } from './seen-window';
import type { Tally } from './tally';

/** Records on which code throws, in one commit: each costs folding the draft again. */
const THROWING_RECORDS_MAX = 32;
/** Stream records of which one commit refuses anything: their bytes are written before it, and time may be short. */
const KEPT_RECORDS_MAX = 64;
const STALE_DETAIL =
  'without a partition key, and older than what the series remembers of its shard: it may have counted';
const MARKS_DETAIL = 'the series keeps as many high-water marks of shards and carriers as fit';
const LATE_DETAIL = 'the window and its allowed lateness were over';
/** Nothing else makes an event late that is later than its arrival. */
const AHEAD_DETAIL = 'the window is ahead of the arrival, and had been closed or found no room';

export interface DraftOptions extends MarkOptions {
  /** Entries that earlier commits refused for want of a mark. */
  readonly refused: ReadonlySet<GroupEntry>;
}

export interface KeptRecord {
  /** First that was refused. */
  readonly entry: GroupEntry;
  readonly refused: [QuarantineOutput, ...QuarantineOutput[]];
}

/** What one commit of one series would write: the state as folded so far, and what it owes. */
export interface Draft {
  readonly state: SeriesState;
  readonly outputs: Outputs;
  /** Of all entries that were looked at. */
  readonly marks: DraftMarks;
  /** First entry that is not in the draft. */
  next: number;
  /** Whether anything has to be committed. */
  changed: boolean;
  /** One for each stream record of which it refuses anything, whose bytes are to be kept before it. */
  readonly keep: KeptRecord[];
  readonly counted: Pick<
    Tally,
    'applied' | 'late' | 'duplicate' | 'dedupeOverflow' | 'invalid' | 'redelivered'
  >;
}

/**
 * Folds entries from `start` on into `fresh`, the decoded `stored`, until the outputs are as many as one
 * commit may carry. A record on which code throws is quarantined and leaves nothing else behind.
 */
export function draftFrom(
  fresh: SeriesState,
  stored: Item | undefined,
  group: Group,
  start: number,
  options: DraftOptions,
): Draft {
  const poison = new Map<number, string>();
  let end = group.entries.length;
  for (let state = fresh; ; ) {
    const draft = newDraft(state, start, group);
    const thrown = foldInto(draft, group, { ...options, poison, end });
    if (thrown === null) return draft;
    if (answerTo(thrown.error) === 'retry') throw thrown.error;
    if (poison.size < THROWING_RECORDS_MAX) poison.set(thrown.at, describe(thrown.error));
    // Enough for one commit: the next draft begins with this record.
    else end = thrown.at;
    // Code that threw may have left the draft half changed: fold again from what is stored.
    state = stored === undefined ? newState() : decodeState(stored, group.definition);
  }
}

function newDraft(state: SeriesState, start: number, group: Group): Draft {
  const counted = {
    applied: 0,
    late: 0,
    duplicate: 0,
    dedupeOverflow: 0,
    invalid: 0,
    redelivered: 0,
  };
  const outputs = noOutputs();
  if (state.retired !== null) oweRetired(outputs, state.retired);
  const marks = new DraftMarks(state, sourceOf(group));
  const changed = state.retired !== null;
  return { state, outputs, marks, next: start, changed, keep: [], counted };
}

interface FoldOptions extends DraftOptions {
  /** Why code threw on an entry, by its index. */
  readonly poison: ReadonlyMap<number, string>;
  readonly end: number;
}

function foldInto(
  draft: Draft,
  group: Group,
  options: FoldOptions,
): { at: number; error: unknown } | null {
  const { state, outputs, marks } = draft;
  const context: FoldContext = { definition: group.definition, key: group.key, state, outputs };
  for (; draft.next < options.end; draft.next++) {
    if (outputs.bytes >= OUTBOX_BYTES_MAX || draft.keep.length >= KEPT_RECORDS_MAX) break;
    const entry = group.entries[draft.next] as GroupEntry;
    marks.turnTo(entry);
    if (entry.measurement === null) {
      const due = state.version > 0 || draft.changed;
      if (due) draft.changed = tick(context, entry.arrivalMs) || draft.changed;
      continue;
    }
    if (marks.holds(entry) || options.refused.has(entry)) {
      draft.counted.redelivered++;
      continue;
    }
    if (marks.isMissing && !hasRoomForMark(state, marks.name, entry, options)) {
      refuseUnmarked(draft, entry);
      draft.changed = true;
      continue;
    }
    if (marks.isStale(entry)) {
      quarantine(draft, entry, { reason: STALE_REASON, detail: STALE_DETAIL });
      marks.raise(entry);
      draft.changed = true;
      continue;
    }
    try {
      foldEntry(draft, context, entry, options.poison.get(draft.next));
    } catch (error) {
      return { at: draft.next, error };
    }
    marks.raise(entry);
    draft.changed = true;
  }
  marks.flush();
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
    const { detail, ...seen } = entry.refuse;
    quarantine(draft, entry, { reason: 'attempts', detail, ...seen });
    return;
  }
  if (poisonDetail !== undefined) {
    quarantine(draft, entry, { reason: 'fold', detail: poisonDetail });
    return;
  }
  try {
    const { counters } = draft.state;
    const overflow = counters.dedupeOverflow;
    const measurement = entry.measurement as Measurement;
    const outcome = fold(context, measurement, entry.arrivalMs);
    draft.counted[outcome]++;
    draft.counted.dedupeOverflow += counters.dedupeOverflow - overflow;
    if (outcome === 'late') {
      const detail = measurement.eventMs > entry.arrivalMs ? AHEAD_DETAIL : LATE_DETAIL;
      owe(draft, entry, { reason: 'late', detail });
    }
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    quarantine(draft, entry, { reason: 'fold', detail: error.message });
  }
}

/**
 * Nothing but the quarantine and the count: without a mark it must not touch what a repetition would.
 * Each measurement gets an entry of its own, for the index is asked for every one of them.
 */
function refuseUnmarked(draft: Draft, entry: GroupEntry): void {
  const { state } = draft;
  state.refusedMs = Math.max(state.refusedMs ?? entry.arrivalMs, entry.arrivalMs);
  const { detail, ...seen } = entry.refuse ?? { detail: MARKS_DETAIL };
  const reason = entry.refuse === null ? MARKS_REASON : 'attempts';
  quarantine(draft, entry, { reason, detail, ...seen }, { alone: true });
}

type Why = Pick<QuarantineOutput, 'reason' | 'detail' | 'attempt' | 'lastSeenMs'>;

function quarantine(draft: Draft, entry: GroupEntry, why: Why, options = { alone: false }): void {
  draft.state.counters.invalid++;
  draft.counted.invalid++;
  owe(draft, entry, why, options);
}

/** Measurements of one stream record share an entry where reason and detail are the same. */
function owe(draft: Draft, entry: GroupEntry, why: Why, { alone } = { alone: false }): void {
  const { outputs, keep } = draft;
  const last = keep.at(-1);
  const kept = last?.entry.sequence === entry.sequence ? last : undefined;
  const detail = why.detail.slice(0, DETAIL_LENGTH_MAX);
  const known = alone ? undefined : kept?.refused.find((each) => isSame(each, why.reason, detail));
  if (known !== undefined) {
    outputs.bytes += addToOutput(known, entry);
    return;
  }
  const refused = outputOf(entry, { ...why, detail });
  oweQuarantine(outputs, refused);
  if (kept === undefined) keep.push({ entry, refused: [refused] });
  else kept.refused.push(refused);
}

function isSame(output: QuarantineOutput, reason: string, detail: string): boolean {
  return output.reason === reason && output.detail === detail;
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
