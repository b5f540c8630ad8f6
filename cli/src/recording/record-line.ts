import { type Fail, isHashKey, type Members } from './header-line';
import { memberSpan } from './member-span';
import type { RecordedRecord } from './record';
import { shown } from './recording-error';

export const RECORD_FIELDS = ['s', 'q', 'p', 'a', 'e', 'j', 'd'];

/** Kinesis gives sequence numbers of up to 129 digits. */
const SEQUENCE = /^(0|[1-9]\d{0,128})$/;
const PARTITION_KEY_LENGTH_MAX = 256;
/** The last instant a JavaScript Date can name. */
const TIME_MS_MAX = 8.64e15;

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
  if (!isPartitionKey(partitionKey)) {
    return fail(`p: expected a partition key of 1 to 256 characters, got ${shown(partitionKey)}`);
  }
  if (explicitHashKey !== undefined && !isHashKey(explicitHashKey)) {
    return fail(`e: expected a hash key as a decimal string, got ${shown(explicitHashKey)}`);
  }
  const arrivalMs = parseArrival(line.a, fail);
  const data = parseData(text, line, fail);
  const record = { shard, sequence, partitionKey, arrivalMs, data };
  return explicitHashKey === undefined ? record : { ...record, explicitHashKey };
}

function isPartitionKey(value: unknown): value is string {
  if (typeof value !== 'string' || value === '') return false;
  if (value.length <= PARTITION_KEY_LENGTH_MAX) return true;
  // Kinesis counts characters, JavaScript counts UTF-16 units: up to twice as many.
  return (
    value.length <= 2 * PARTITION_KEY_LENGTH_MAX && [...value].length <= PARTITION_KEY_LENGTH_MAX
  );
}

function parseArrival(seconds: unknown, fail: Fail): number {
  const arrivalMs = typeof seconds === 'number' ? Math.round(seconds * 1000) : Number.NaN;
  if (arrivalMs >= 0 && arrivalMs <= TIME_MS_MAX) return arrivalMs;
  return fail(`a: expected the arrival in epoch seconds, got ${shown(seconds)}`);
}

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
