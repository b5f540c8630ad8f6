import { isPartitionKey, UNKEYED } from '@millrace/core/partition-key';
import { type Fail, isHashKey, type Members } from './header-line';
import { memberSpan } from './member-span';
import type { RecordedRecord } from './record';
import { shown } from './recording-error';

export const RECORD_FIELDS = ['s', 'q', 'p', 'a', 'e', 'j', 'd'];

/** Kinesis gives sequence numbers of up to 129 digits. */
const SEQUENCE = /^(0|[1-9]\d{0,128})$/;
/** No stream has seen the year 2200; milliseconds where seconds belong are beyond it. */
const ARRIVAL_MS_MAX = Date.UTC(2200, 0);

/**
 * Reads one record. `text` is the line and `line` what it parses to; the record's bytes are cut out
 * of the text, because parsing and printing again would change them.
 */
export function parseRecord(text: string, line: Members, fail: Fail): RecordedRecord {
  const { s: shard, q: sequence, p: partitionKey, e: explicitHashKey } = line;
  if (typeof shard !== 'string' || shard === '') {
    return fail(`s: expected a shard id, got ${shown(shard)}`);
  }
  if (typeof sequence !== 'string' || !SEQUENCE.test(sequence)) {
    return fail(`q: expected a sequence number as a decimal string, got ${shown(sequence)}`);
  }
  if (
    partitionKey !== null &&
    !(typeof partitionKey === 'string' && isPartitionKey(partitionKey))
  ) {
    const expected = 'a partition key of 1 to 256 characters, or null where the record had none';
    return fail(`p: expected ${expected}, got ${shown(partitionKey)}`);
  }
  if (explicitHashKey !== undefined && !isHashKey(explicitHashKey)) {
    return fail(`e: expected a hash key as a decimal string, got ${shown(explicitHashKey)}`);
  }
  const arrivalMs = parseArrival(line.a, fail);
  const data = parseData(text, line, fail);
  const record = { shard, sequence, partitionKey: partitionKey ?? UNKEYED, arrivalMs, data };
  return explicitHashKey === undefined ? record : { ...record, explicitHashKey };
}

function parseArrival(seconds: unknown, fail: Fail): number {
  const arrivalMs = typeof seconds === 'number' ? Math.round(seconds * 1000) : Number.NaN;
  if (arrivalMs >= 0 && arrivalMs <= ARRIVAL_MS_MAX) return arrivalMs;
  return fail(`a: expected the arrival in epoch seconds, got ${shown(seconds)}${unitOf(seconds)}`);
}

/** Of a number that is a time of our age in another unit. */
function unitOf(value: unknown): string {
  const seconds = Number(value);
  const unit = UNITS.find(([, perSecond]) => seconds / perSecond <= ARRIVAL_MS_MAX / 1000);
  if (typeof value !== 'number' || seconds < 0 || unit === undefined) return '';
  return `, which looks like ${unit[0]}`;
}

const UNITS = [
  ['milliseconds', 1e3],
  ['microseconds', 1e6],
  ['nanoseconds', 1e9],
] as const;

function parseData(text: string, line: Members, fail: Fail): string {
  const { j: json, d: data } = line;
  if (json !== undefined && data !== undefined) return fail('expected j or d, got both');
  if (data !== undefined) {
    return typeof data === 'string' ? data : fail(`d: expected a string, got ${shown(data)}`);
  }
  if (json === undefined) return fail('expected j (a JSON object) or d (base64), got neither');
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return fail(`j: expected a JSON object, got ${shown(json)}`);
  }
  const span = memberSpan(text, 'j');
  return Buffer.from(text.slice(span?.start, span?.end), 'utf8').toString('base64');
}
