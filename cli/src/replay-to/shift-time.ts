import { isUtf8 } from 'node:buffer';
import { parseJson } from '@millrace/core/json/parse-json';
import type { JsonRecord, Path, Pipeline, TimeUnit } from '@millrace/core/pipeline/pipeline';
import { eventTime } from '@millrace/core/record/event-time';
import { type CompiledRule, compileRule, matches } from '@millrace/core/record/match';
import { formatPath } from '@millrace/core/record/path';
import { replaceSpans, valueSpans } from '../record/value-spans';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

interface TimeField {
  readonly path: Path;
  readonly unit: TimeUnit;
  readonly match: readonly CompiledRule[];
}

/** Moves the event times of one record; the same bytes when it has none. */
export type ShiftTime = (bytes: Uint8Array) => Uint8Array;

/**
 * Moves the values at the `time` paths of the metrics a record matches, by one amount for the whole
 * recording, and leaves every other byte. Paths are those of the record as it is in the stream, before
 * any transform.
 */
export function createShiftTime(pipeline: Pipeline, shiftMs: number): ShiftTime {
  const fields = pipeline.metrics.flatMap(({ time, match }): TimeField[] =>
    time === null ? [] : [{ ...time, match: match.map(compileRule) }],
  );
  return (bytes) => {
    const text = jsonText(bytes);
    if (text === null) return bytes;
    const record = parseJson(text) as JsonRecord;
    const moved = new Set<string>();
    let shifted = text;
    for (const { path, unit, match } of fields) {
      const name = formatPath(path);
      if (moved.has(name) || !matches(record, match)) continue;
      moved.add(name);
      const change = (value: string) => shiftValue(value, unit, shiftMs);
      shifted = replaceSpans(shifted, valueSpans(shifted, path), change);
    }
    return shifted === text ? bytes : Buffer.from(shifted);
  };
}

function jsonText(bytes: Uint8Array): string | null {
  if (!isUtf8(bytes)) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? text : null;
  } catch {
    return null;
  }
}

/**
 * How far times move so that the last arrival falls on `lastMs`: down to whole multiples of every
 * window, up to an hour, so that a window holds the records it held before.
 */
export function shiftOf(pipeline: Pipeline, recordedLastMs: number, lastMs: number): number {
  let stepMs = MINUTE_MS;
  for (const { window } of pipeline.metrics) stepMs = leastCommonMultiple(stepMs, window.sizeMs);
  if (stepMs > HOUR_MS) stepMs = MINUTE_MS;
  return Math.floor((lastMs - recordedLastMs) / stepMs) * stepMs;
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** `text` is JSON; null leaves what is no event time as it is. */
function shiftValue(text: string, unit: TimeUnit, shiftMs: number): string | null {
  const value: unknown = JSON.parse(text);
  if (Number.isNaN(eventTime(value, unit))) return null;
  if (typeof value === 'string') return JSON.stringify(shiftIso(value, shiftMs));
  return shiftNumber(text, unit, shiftMs);
}

/** The shift is whole minutes: seconds, fraction and zone stay as they were written. */
function shiftIso(text: string, shiftMs: number): string {
  const atMs = Date.parse(`${text.slice(0, 16)}:00Z`) + shiftMs;
  return new Date(atMs).toISOString().slice(0, 16) + text.slice(16);
}

const PER_MINUTE = { s: 60n, ms: 60_000n, us: 60_000_000n, ns: 60_000_000_000n } as const;

/** Digits are kept as written where doubles would not hold them: nanoseconds have 19. */
function shiftNumber(text: string, unit: TimeUnit, shiftMs: number): string {
  const by = BigInt(shiftMs / MINUTE_MS) * PER_MINUTE[unit];
  const [, whole, rest] = /^(\d+)(\.\d+)?$/.exec(text) ?? [];
  if (whole === undefined) return JSON.stringify(Number(text) + Number(by));
  const moved = BigInt(whole) + by;
  return moved < 0n && rest !== undefined
    ? JSON.stringify(Number(text) + Number(by))
    : `${moved}${rest ?? ''}`;
}
