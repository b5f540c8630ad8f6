import type { AggregatePlan } from '../aggregate/aggregate';
import { planAggregates } from '../aggregate/plan';
import type { Metric } from '../pipeline/pipeline';
import {
  areHashed,
  DEDUPE_KEY_BYTES_MAX,
  HASHED_KEY_BYTES,
  rememberedMax,
} from '../record/dedupe-key';
import { utf8Bytes } from '../record/utf8';
import type { Definition } from './definition';
import { incidentId, METRIC_BYTES_MAX, SERIES_BYTES_MAX, type SeriesKey } from './key';
import type { HeldWindow } from './state';
import { heldWindowsMax, openWindowsMax, punctualWindowsMax } from './window';

/*
 * DynamoDB refuses an item above 409,600 bytes. The shares below are all that a state item holds, and
 * their sum is less: an item is bounded whatever the data says, and no series ever stops for its size.
 */

/** Held windows, what the open ones will owe when they close, and what one record adds to both. */
export const WINDOWS_BYTES_MAX = 236_000;
/** A commit carries outputs up to this size and those of the record that passed it; the rest is the next commit's. */
export const OUTBOX_BYTES_MAX = 80_000;
/** High-water marks of all shards. */
export const MARKS_BYTES_MAX = 64_000;
/** Keys, partition key, numbers, and all attribute names. */
export const KEYS_BYTES_MAX = 4_096;
/** Detector, open incident, counters. */
export const LEARNT_BYTES_MAX = 9_000;
/** Bars: `BARS_MAX` of them, with two times each. */
export const BARS_BYTES_MAX = 1_300;
/** What the record that passed `OUTBOX_BYTES_MAX` owes beside rows: one refusal, the end of one incident. */
export const LAST_RECORD_BYTES_MAX = 13_000;

/** Longest reason of an incident, as JSON. */
export const REASON_BYTES_MAX = 160;
/** More than one record ever adds to the encoded aggregate of a window: sketches change their form. */
const GROWTH_BYTES_MAX = 16_000;

const TIME_MS = -8_640_000_000_000_000;
const INTEGER = Number.MAX_SAFE_INTEGER;
/** No double is longer as JSON. */
const NUMBER = -2.2250738585072014e-308;
const BAND = { low: NUMBER, high: NUMBER };
const COMMA_BYTES = 1;
/** `rev` and `late` have one digit when a window closes, and this many more at the most. */
const LATE_BYTES = 30;

/** JSON around the aggregate of a window that is open or has just closed. */
const FRAME_BYTES = jsonBytes([TIME_MS, TIME_MS, '', 1, 0, 0, 0]) + COMMA_BYTES;
/** With a detector also score and band; the incident's id comes on top. */
const VERDICT_BYTES = jsonBytes([NUMBER, 1, NUMBER, NUMBER, null]);
/** JSON around the aggregate of its row. */
const ROW_BYTES =
  jsonBytes({
    ...{ def: 'x'.repeat(12), dn: INTEGER, epoch: INTEGER, startMs: TIME_MS, endMs: TIME_MS },
    ...{ rev: 1, late: 0, aggregate: '' },
    ...{ score: null, anomaly: false, expected: null, incident: null },
  }) + COMMA_BYTES;
const SCORE_BYTES = jsonBytes({ score: NUMBER, expected: BAND });
/** A transition of an incident without its id. */
const TRANSITION_BYTES =
  jsonBytes({
    ...{ id: '', windowMs: TIME_MS, phase: 'recovered', openedMs: TIME_MS, closedMs: TIME_MS },
    ...{ severity: 'critical', score: NUMBER, observed: NUMBER, expected: BAND, reason: '' },
  }) +
  REASON_BYTES_MAX +
  COMMA_BYTES;
/** A window that closes may name an incident, so may its row, and the transition does. */
const IDS = 3;

/** Longest partition key of a user record in UTF-16 units. */
const PARTITION_KEY_UNITS_MAX = 512;
/** JSON escapes no unit with more bytes. */
export const UNIT_BYTES_MAX = 6;
const ID_FRAME_BYTES = 40;
const ID_BYTES_MAX =
  UNIT_BYTES_MAX * (METRIC_BYTES_MAX + SERIES_BYTES_MAX + PARTITION_KEY_UNITS_MAX) + ID_FRAME_BYTES;

/** Bytes of a value as JSON in UTF-8. */
export function jsonBytes(value: unknown): number {
  return utf8Bytes(JSON.stringify(value));
}

/** What the windows of a definition can come to; ids of incidents come on top. */
export interface WindowBytes {
  /** Of one window while it is open: itself, its row, its transition. */
  readonly openMax: number;
  /** Of one window that has closed and is held for late data. */
  readonly closedMax: number;
  /** No more are open at once. */
  readonly openWindows: number;
  /** What is left of `WINDOWS_BYTES_MAX` after every record, so that the next one fits as well. */
  readonly room: number;
  /** False when even the largest windows fit: nothing is measured per record then. */
  readonly measured: boolean;
}

export function windowBytesOf(metric: Metric, plan: AggregatePlan): WindowBytes {
  const bounds = {
    openMax: openBytes(metric, plan.bytesMax) + keyBytesMax(metric),
    closedMax: closedBytesMax(metric, plan),
    openWindows: openWindowsMax(metric),
    room: roomOf(metric, plan),
  };
  const idBytes = metric.detect === null ? 0 : ID_BYTES_MAX;
  return { ...bounds, measured: !allFit(heldWindowsMax(metric), bounds, idBytes) };
}

/** Whether so many windows of a series fit, whatever is in them. A bound that costs nothing. */
export function surelyFit(windows: number, definition: Definition, key: SeriesKey): boolean {
  const { metric, series, partitionKey } = key;
  const units = metric.length + series.length + partitionKey.length;
  const idBytes = definition.detector === null ? 0 : units * UNIT_BYTES_MAX + ID_FRAME_BYTES;
  return allFit(windows, definition.bytes, idBytes);
}

function allFit(windows: number, bounds: Omit<WindowBytes, 'measured'>, idBytes: number): boolean {
  const { openMax, closedMax, openWindows, room } = bounds;
  const open = Math.min(windows, openWindows);
  const bytes = open * (openMax + IDS * idBytes) + (windows - open) * (closedMax + idBytes);
  return bytes <= room - idBytes;
}

/** Of an incident of the series; 0 without a detector. */
export function idBytesOf(definition: Definition, key: SeriesKey): number {
  return definition.detector === null ? 0 : jsonBytes(incidentId(key, TIME_MS));
}

/** What a window takes in the item: itself and, while it is open, what it will owe when it closes. */
export function windowBytes(window: HeldWindow, definition: Definition, idBytes: number): number {
  const aggregateBytes = definition.plan.bytes(window.aggregate);
  let keyBytes = 0;
  if (window.keys !== null) {
    if (isHashed(definition.metric)) keyBytes = window.keys.size * HASHED_KEY_BYTES;
    else for (const key of window.keys) keyBytes += key.length + 3;
  }
  if (window.rev === 0) {
    const ids = definition.detector === null ? 0 : IDS * idBytes;
    return openBytes(definition.metric, aggregateBytes) + keyBytes + ids;
  }
  const verdictBytes = window.score === null ? 0 : VERDICT_BYTES;
  const incidentBytes = window.incident === null ? 0 : idBytes;
  return aggregateBytes + keyBytes + FRAME_BYTES + lateBytes(window) + verdictBytes + incidentBytes;
}

/** What the row of a closed window takes in the outbox. */
export function rowBytes(window: HeldWindow, definition: Definition): number {
  const scoreBytes = window.score === null ? 0 : SCORE_BYTES;
  const incidentBytes = window.incident === null ? 0 : jsonBytes(window.incident);
  const aggregateBytes = definition.plan.bytes(window.aggregate);
  return ROW_BYTES + LATE_BYTES + aggregateBytes + scoreBytes + incidentBytes;
}

/** Of a row whose aggregate is passed on as it was stored. */
export function retiredRowBytes(aggregate: unknown): number {
  return ROW_BYTES + LATE_BYTES + jsonBytes(aggregate);
}

/** What speaks against keeping a metric's windows in one item: an error, a warning, or neither. */
export function sizeOf(metric: Metric): { readonly error?: string; readonly warning?: string } {
  const plan = planAggregates(metric.aggregates);
  const room = roomOf(metric, plan);
  const { open, held: windows } = punctualWindowsMax(metric);
  const one = 2 * closedBytesMax(metric, plan) + transitionBytes(metric);
  const share = WINDOWS_BYTES_MAX - recordBytesMax(metric, plan) + closedBytesMax(metric, plan);
  if (one > share) {
    return { error: `one window and its row may need ${one} bytes of state, at most ${share} fit` };
  }
  const empty = plan.bytes(plan.create());
  const least =
    open * openBytes(metric, empty) + (windows - open) * (empty + FRAME_BYTES + LATE_BYTES / 15);
  if (least > room) {
    const held = `outOfOrderness and allowedLateness hold up to ${windows} windows a series`;
    return { error: `${held}, ${open} of them open, ${least} bytes, at most ${room} fit` };
  }
  const full = openBytes(metric, plan.bytesMax) + keyBytesMax(metric);
  const most = open * full + (windows - open) * closedBytesMax(metric, plan);
  if (most <= room) {
    const [withAhead, openAhead] = [heldWindowsMax(metric), openWindowsMax(metric)];
    // As full as a fast clock's windows are: nearly empty.
    if (least + (openAhead - open) * openBytes(metric, empty) <= room) return {};
    const ahead = `maxFutureSkew lets fast clocks open windows ahead, up to ${withAhead} with the others`;
    return { warning: `${ahead}; when no more fit, records that are further ahead are late` };
  }
  const fit = Math.max(1, Math.floor((windows * room) / most));
  const held = `up to ${windows} windows a series are held for late data`;
  return {
    warning: `${held}; when full of distinct values ${fit} fit, and the oldest close early`,
  };
}

function openBytes(metric: Metric, aggregateBytes: number): number {
  const verdictBytes = metric.detect === null ? 0 : VERDICT_BYTES + SCORE_BYTES;
  const bytes = 2 * aggregateBytes + FRAME_BYTES + ROW_BYTES;
  return bytes + verdictBytes + transitionBytes(metric);
}

function transitionBytes(metric: Metric): number {
  return metric.detect === null ? 0 : TRANSITION_BYTES;
}

/** The largest a closed window or its row can become. */
function closedBytesMax(metric: Metric, plan: AggregatePlan): number {
  const windowMax = FRAME_BYTES + keyBytesMax(metric);
  const verdictBytes = metric.detect === null ? 0 : Math.max(VERDICT_BYTES, SCORE_BYTES);
  return plan.bytesMax + Math.max(windowMax, ROW_BYTES) + LATE_BYTES + verdictBytes;
}

/** One record lets one window grow, and one that had closed before owes a row again. */
function recordBytesMax(metric: Metric, plan: AggregatePlan): number {
  const one = closedBytesMax(metric, plan);
  return one + Math.min(one, GROWTH_BYTES_MAX);
}

function roomOf(metric: Metric, plan: AggregatePlan): number {
  return WINDOWS_BYTES_MAX - recordBytesMax(metric, plan);
}

function keyBytesMax(metric: Metric): number {
  if (metric.dedupe === null) return 0;
  const oneMax = isHashed(metric) ? HASHED_KEY_BYTES : DEDUPE_KEY_BYTES_MAX + 3;
  return rememberedMax(metric.dedupe) * oneMax;
}

function isHashed({ dedupe }: Metric): boolean {
  return dedupe !== null && areHashed(dedupe);
}

function lateBytes({ rev, late }: HeldWindow): number {
  return rev < 10 && late < 10 ? 0 : String(rev).length + String(late).length - 2;
}
