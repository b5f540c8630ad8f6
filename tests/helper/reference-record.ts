import { parseReferenceJson } from './reference-json';
import type { ReferenceMetric } from './reference-pipeline';

/** One record of the stream, as it stands in its shard. */
export interface ReferenceRecord {
  readonly shard: string;
  /** Decimal digits. */
  readonly sequence: string;
  /** Index within its aggregate, if it came in one. */
  readonly sub?: number;
  readonly partitionKey: string;
  readonly arrivalMs: number;
  readonly bytes: Buffer;
  /** `bytes` is then the event's text itself, which is not base64. */
  readonly notBase64?: true;
}

export interface ReferenceMeasurement {
  readonly series: string;
  readonly eventMs: number;
  readonly value: number;
  readonly dedupeKey: string | null;
  readonly record: Readonly<Record<string, unknown>>;
}

const SIZE_MAX_BYTES = 1024 * 1024;
export const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)$/;

/** A JSON object, or the reason why the record is not one. */
export function decodeReference(
  record: ReferenceRecord,
): { readonly json: Record<string, unknown> } | { readonly reason: string } {
  if (record.notBase64) {
    return { reason: 'base64' };
  }
  if (record.bytes.length > SIZE_MAX_BYTES) {
    return { reason: 'size' };
  }
  try {
    // With `ignoreBOM` the mark stays in the text, where JSON refuses it.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(record.bytes);
    const json = parseReferenceJson(text);
    const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
    return isObject ? { json: json as Record<string, unknown> } : { reason: 'json' };
  } catch {
    return { reason: 'json' };
  }
}

export function matches(metric: ReferenceMetric, json: unknown): boolean {
  return metric.match.every(({ path, anyOf }) => {
    const found = at(json, path);
    return found !== undefined && anyOf.map(asIdentity).includes(asIdentity(found));
  });
}

/** The measurement, or the first reason against it: `series`, `time`, `value`, `future`, `past`. */
export function validateReference(
  metric: ReferenceMetric,
  json: Record<string, unknown>,
  arrivalMs: number,
): ReferenceMeasurement | { readonly reason: string } {
  const parts = metric.series.map((path) => at(json, path));
  if (!parts.every(isScalar)) {
    return { reason: 'series' };
  }
  const series =
    parts.length === 0
      ? '*'
      : parts.map((part) => String(part).replace(/[\\|]/g, '\\$&')).join('|');
  const eventMs = metric.time === null ? arrivalMs : readTime(at(json, metric.time), metric);
  if (eventMs === null) {
    return { reason: 'time' };
  }
  const value = metric.value === null ? 1 : readValue(at(json, metric.value), metric.coerce);
  if (value === null) {
    return { reason: 'value' };
  }
  if (eventMs > arrivalMs + metric.maxFutureSkewMs) {
    return { reason: 'future' };
  }
  if (eventMs < arrivalMs - metric.maxPastSkewMs) {
    return { reason: 'past' };
  }
  return { series, eventMs, value, dedupeKey: dedupeKey(metric, json, eventMs), record: json };
}

export function isScalar(value: unknown): value is string | number | boolean | bigint {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
}

/** Own properties and canonical array indexes only. */
export function at(json: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((place, step) => {
    if (Array.isArray(place)) {
      return /^(0|[1-9]\d*)$/.test(step) ? place[Number(step)] : undefined;
    }
    const isObject = typeof place === 'object' && place !== null;
    return isObject && Object.hasOwn(place, step) ? (place as never)[step] : undefined;
  }, json);
}

function dedupeKey(metric: ReferenceMetric, json: unknown, eventMs: number): string | null {
  if (metric.dedupe === null) {
    return null;
  }
  const key = metric.dedupe === 'eventTime' ? eventMs : at(json, metric.dedupe);
  if (!isScalar(key) || Math.abs(Number(key)) === Infinity) {
    return null;
  }
  return `${typeof key === 'bigint' ? 'number' : typeof key} ${asIdentity(key)}`;
}

/** A whole number is the same thing as a double and as a bigint, while JavaScript writes it without exponent. */
export function asIdentity<Value>(value: Value): Value | bigint {
  const isLong = Number.isInteger(value) && !Number.isSafeInteger(value);
  return isLong && Math.abs(Number(value)) < 1e21 ? BigInt(value as number) : value;
}

function readValue(value: unknown, coerce: boolean): number | null {
  const number =
    typeof value === 'bigint' || (coerce && typeof value === 'string' && JSON_NUMBER.test(value))
      ? Number(value)
      : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

function readTime(written: unknown, metric: ReferenceMetric): number | null {
  const time = typeof written === 'bigint' ? Number(written) : written;
  if (typeof time === 'number' && Number.isFinite(time)) {
    const inMs = { s: time * 1000, ms: time, us: time / 1e3, ns: time / 1e6 };
    return Math.floor(inMs[metric.timeUnit]);
  }
  return typeof time === 'string' ? readTimeText(time) : null;
}

function readTimeText(text: string): number | null {
  const match = TIME.exec(text);
  if (match === null) {
    return null;
  }
  const [year, month, day, hour, minute] = match.slice(1, 6).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const second = Number(match[6] ?? '0');
  const millisecond = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const zone = match[8] as string;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isDate = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDate || hour > 23 || minute > 59 || second > 59) {
    return null;
  }
  const localMs = date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond;
  if (zone === 'Z') {
    return localMs;
  }
  const [zoneHour, zoneMinute] = zone.slice(1).split(':').map(Number) as [number, number];
  if (zoneHour > 23 || zoneMinute > 59) {
    return null;
  }
  return localMs - (zone.startsWith('-') ? -1 : 1) * (zoneHour * 60 + zoneMinute) * 60_000;
}
