import type { Item } from '../port';
import { areHashed } from '../record/dedupe-key';
import { wellFormed } from '../record/utf8';
import type { Definition } from './definition';
import { evenBucket, type SeriesKey, stateKey } from './key';
import { carrierOf, isCarried } from './marks';
import { oldestOpenEnd } from './publish';
import type { HeldWindow, Mark, OpenIncident, SeriesState } from './state';
import { TICK_MARGIN_MS } from './tick';

/** Schema version of a state item. Raise it when old code must not touch new items. */
export const STATE_VERSION = 3;
/** What a state without `f` and without marks of carriers is written as: code of version 1 reads it. */
const PLAIN_VERSION = 1;
/** With `f`, which code of version 1 would lose. */
const REFUSED_VERSION = 2;

/**
 * State travels as JSON text, not as DynamoDB numbers: those end at 1E-130, which an EWMA variance of
 * a flat series falls below, and at 38 digits. JSON gives every finite double back exactly.
 */
export interface Body {
  w: number | null;
  m: EncodedMark[];
  /** Marks know carriers; absent = code wrote it that did not. */
  k?: 1;
  p: EncodedWindow[];
  d: SeriesState['detector'];
  i: OpenIncident | null;
  c: [number, number, number, number, number, number];
  /** Epoch and the border before which every window is closed; absent in the first epoch without one. */
  e?: [epoch: number, floorMs: number | null];
  /** Bars; since version 3, and absent where there are none. */
  b?: [fromMs: number, toMs: number][];
  /** `refusedMs`; since version 2, and absent where it is null. */
  f?: number;
}

export type EncodedMark = [
  mark: string,
  sequence: string,
  sub: number,
  arrivalMs: number,
  seen?: [sequence: string, sub: number, arrivalMs: number, hashes: string][],
];

export type EncodedWindow = [
  startMs: number,
  endMs: number,
  aggregate: readonly unknown[],
  rev: number,
  late: number,
  verdict: [score: number, anomaly: 0 | 1, low: number, high: number, incident: string | null] | 0,
  /** One text when they are hashes. */
  keys: string[] | string | 0,
];

/** A series nobody has seen. */
export function newState(): SeriesState {
  return {
    version: 0,
    definitionNumber: 0,
    epoch: 0,
    floorMs: null,
    bars: [],
    retired: null,
    watermarkMs: null,
    lastArrivalMs: null,
    marks: new Map(),
    refusedMs: null,
    windows: new Map(),
    detector: null,
    incident: null,
    counters: { applied: 0, late: 0, duplicate: 0, invalid: 0, revised: 0, dedupeOverflow: 0 },
    outbox: null,
  };
}

export interface EncodeOptions {
  readonly key: SeriesKey;
  readonly definition: Definition;
  /** How long the source stream keeps records; a mark is needed as long as one may come back. */
  readonly retentionMs: number;
  /** The stored `due`, kept while windows stay open, so that the index does not move at every commit. */
  readonly dueMs: number | null;
}

/** The item of a draft that has not been committed: `state.version` is already the new one. */
export function encodeState(state: SeriesState, options: EncodeOptions): Item {
  const { key, definition, retentionMs } = options;
  const body: Body = {
    w: state.watermarkMs,
    m: [...state.marks].map(encodeMark),
    k: 1,
    p: [...state.windows.values()].map((window) => encodeWindow(window, definition)),
    d: state.detector,
    i: state.incident,
    c: Object.values(state.counters) as Body['c'],
    ...((state.epoch > 0 || state.floorMs !== null) && { e: [state.epoch, state.floorMs] }),
    ...(state.bars.length > 0 && { b: state.bars.map(({ fromMs, toMs }) => [fromMs, toMs]) }),
    ...(state.refusedMs !== null && { f: state.refusedMs }),
  };
  // Not spread: an object that begins as a spread takes each further property slowly.
  const { pk, sk } = stateKey(key);
  const item: Record<string, string | number> & { pk: string; sk: string } = {
    pk,
    sk,
    v: versionOf(state),
    ver: state.version,
    def: definition.fingerprint,
    // A metric that is named again later must not find its number taken.
    dn: definition.orphan ? state.definitionNumber : definition.number,
    body: JSON.stringify(body),
  };
  if (item.sk.startsWith('~')) item.partitionKey = wellFormed(key.partitionKey);
  if (state.lastArrivalMs !== null) item.la = state.lastArrivalMs;
  if (state.outbox !== null) item.out = JSON.stringify(state.outbox);
  schedule(item, state, options);
  if (item.due === undefined) {
    const keptMs = newestArrivalMs(state) + definition.stateTtlMs + retentionMs + TTL_MARGIN_MS;
    if (Number.isFinite(keptMs)) item.ttl = Math.floor(keptMs / 1000);
  }
  return item;
}

function encodeMark([name, { sequence, sub, arrivalMs, seen }]: [string, Mark]): EncodedMark {
  if (seen === undefined) return [name, sequence, sub, arrivalMs];
  const parts = seen.map((part) => [part.sequence, part.sub, part.arrivalMs, part.hashes] as const);
  return [name, sequence, sub, arrivalMs, parts as never];
}

/** The least version whose code loses nothing of the state. */
function versionOf({ marks, refusedMs, bars }: SeriesState): number {
  if (bars.length > 0) return STATE_VERSION;
  for (const name of marks.keys()) if (isCarried(name, marks)) return STATE_VERSION;
  return refusedMs === null ? PLAIN_VERSION : REFUSED_VERSION;
}

/**
 * Of all that the state has decided: a record that was refused moves a mark or `refusedMs`, but not the
 * clock of the series, and while it may come again the state must know it.
 */
function newestArrivalMs({ lastArrivalMs, refusedMs, marks }: SeriesState): number {
  let newestMs = Math.max(lastArrivalMs ?? -Infinity, refusedMs ?? -Infinity);
  for (const { arrivalMs } of marks.values()) newestMs = Math.max(newestMs, arrivalMs);
  return newestMs;
}

/** An expired state that a straggler could still find missing would let it count again. */
const TTL_MARGIN_MS = 7 * 24 * 3_600_000;

export const DUE_BUCKETS = 16;

/**
 * A series with open windows is in the sparse `due` index. The entry is a lower bound: it moves when
 * the sweeper finds it too early, not at every commit, which would cost an index write each.
 */
function schedule(
  item: Record<string, string | number> & { pk: string; sk: string },
  state: SeriesState,
  options: EncodeOptions,
): void {
  if (state.lastArrivalMs === null) return;
  const endMs = oldestOpenEnd(state);
  if (endMs === null) return;
  const idleMs = options.definition.metric.idleCloseMs;
  item.idleMs = idleMs;
  item.closeMs = endMs + options.definition.metric.outOfOrdernessMs;
  const tickableMs = tickableAtMs(item);
  // An older window may have opened since: then the entry must move, or it would be no lower bound.
  item.due = options.dueMs === null ? tickableMs : Math.min(options.dueMs, tickableMs);
  item.dueBucket = dueBucket(evenBucket(item.pk + item.sk, DUE_BUCKETS));
}

/**
 * The earliest a tick can close a window of a state item: its series has been silent for the idle gap,
 * and the time of its oldest open window is over. Items of older code do not say when that is.
 */
export function tickableAtMs(item: Omit<Item, 'pk' | 'sk'>): number {
  const silentMs = Number(item.la) + Number(item.idleMs);
  const overMs = typeof item.closeMs === 'number' ? item.closeMs : Number.NEGATIVE_INFINITY;
  return Math.max(silentMs, overMs) + TICK_MARGIN_MS;
}

export function dueBucket(bucket: number): string {
  return `due#${String(bucket).padStart(2, '0')}`;
}

/** How a mark of a carrier begins in an item's body. */
const CARRIED_MARK = '["#=';

/**
 * The carrier that brought the newest record of a stored state; null = its records are plain, or nobody
 * can tell. Most states have no such mark, which costs no parsing.
 */
export function newestCarrier(item: Item): string | null {
  const body = String(item.body);
  if (!body.includes(CARRIED_MARK)) return null;
  try {
    const { m } = JSON.parse(body) as Pick<Body, 'm'>;
    let newest: Body['m'][number] | undefined;
    for (const mark of m) if (newest === undefined || mark[3] >= newest[3]) newest = mark;
    return newest === undefined ? null : carrierOf(newest[0]);
  } catch {
    // A state that cannot be read is the consumer's to report; here it must stop no other series.
    return null;
  }
}

/** Drops marks whose shard can no longer deliver what they guard against; never because a shard has closed. */
export function pruneMarks(marks: Map<string, Mark>, arrivalMs: number, retentionMs: number): void {
  for (const [name, mark] of marks) {
    if (arrivalMs > mark.arrivalMs + retentionMs + MARK_MARGIN_MS) marks.delete(name);
  }
}

export const MARK_MARGIN_MS = 24 * 3_600_000;

function encodeWindow(window: HeldWindow, definition: Definition): EncodedWindow {
  const { score, expected } = window;
  return [
    window.startMs,
    window.endMs,
    definition.plan.encode(window.aggregate),
    window.rev,
    window.late,
    score === null || expected === null
      ? 0
      : [score, window.anomaly ? 1 : 0, expected.low, expected.high, window.incident],
    window.keys === null ? 0 : encodeKeys(window.keys, definition),
  ];
}

function encodeKeys(keys: ReadonlySet<string>, { metric }: Definition): string[] | string {
  const list = [...keys];
  return metric.dedupe !== null && areHashed(metric.dedupe) ? list.join('') : list;
}
