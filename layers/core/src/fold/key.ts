import { BugError } from '../error';
import type { Key } from '../port';
import { sha256OfUnits } from '../record/sha256';
import { hasLoneSurrogate, utf8Bytes } from '../record/utf8';

/**
 * Keys are built from escaped parts, so that a `#` inside a name never aliases another item, and
 * every item kind has a prefix, so that a series named like one of our markers never collides.
 * An escaped part is at most twice as long.
 */
export function escapePart(part: string): string {
  return part.includes('%') || part.includes('#')
    ? part.replaceAll('%', '%0').replaceAll('#', '%1')
    : part;
}

export function unescapePart(part: string): string {
  return part.includes('%') ? part.replaceAll('%1', '#').replaceAll('%0', '%') : part;
}

/** Longest metric name in UTF-8 bytes; with the series it is a partition key, which holds 2,048 bytes. */
export const METRIC_BYTES_MAX = 256;
/** Longest series name in UTF-8 bytes. */
export const SERIES_BYTES_MAX = 512;
/** Longest escaped partition key in a sort key, which holds 1,024 bytes; Kinesis allows the double. */
const PARTITION_KEY_BYTES_MAX = 512;

export interface SeriesKey {
  readonly metric: string;
  readonly partitionKey: string;
  readonly series: string;
}

export function stateKey(key: SeriesKey): Key {
  return {
    pk: `S#${escapePart(key.metric)}#${escapePart(key.series)}`,
    sk: partitionPart(key.partitionKey),
  };
}

export function isStateKey({ pk }: Key): boolean {
  const parts = pk.split('#');
  return parts.length === 3 && parts[0] === 'S';
}

/** The series a state item belongs to; `partitionKey` is null where its key holds only a digest of it. */
export function parseStateKey(key: Key): Omit<SeriesKey, 'partitionKey'> & {
  readonly partitionKey: string | null;
} {
  const parts = key.pk.split('#');
  if (!isStateKey(key)) {
    throw new BugError('the key of an item in the state table is not that of a state');
  }
  return {
    metric: unescapePart(parts[1] as string),
    series: unescapePart(parts[2] as string),
    partitionKey: key.sk.startsWith('=') ? unescapePart(key.sk.slice(1)) : null,
  };
}

/** A name, or for a very long one its digest: two prefixes, so that neither can be the other. */
export function partitionPart(partitionKey: string): string {
  const escaped = escapePart(partitionKey);
  const fits =
    escaped.length * 3 <= PARTITION_KEY_BYTES_MAX || utf8Bytes(escaped) <= PARTITION_KEY_BYTES_MAX;
  return fits && !hasLoneSurrogate(escaped) ? `=${escaped}` : `~${sha256OfUnits(partitionKey)}`;
}

/** All rows of a series, over all its partition keys, in order of time. */
export function rowPartition(metric: string, series: string): string {
  return `R#${escapePart(metric)}#${escapePart(series)}`;
}

export function incidentPartition(metric: string, series: string): string {
  return `A#${escapePart(metric)}#${escapePart(series)}`;
}

export function parseSeriesPartition(pk: string): { metric: string; series: string } {
  const parts = pk.split('#');
  return { metric: unescapePart(parts[1] ?? ''), series: unescapePart(parts[2] ?? '') };
}

/** Sortable text of a time in milliseconds, also before 1970 and after 9999. */
export function sortableTime(ms: number): string {
  return String(ms + 8_640_000_000_000_000).padStart(17, '0');
}

export function parseSortableTime(text: string): number {
  return Number(text) - 8_640_000_000_000_000;
}

export function rowKey(key: SeriesKey, startMs: number): Key {
  return {
    pk: rowPartition(key.metric, key.series),
    sk: `${sortableTime(startMs)}#${partitionPart(key.partitionKey)}`,
  };
}

/** Create-once: one item per transition, so that a redelivered commit changes nothing. */
export function incidentKey(
  key: SeriesKey,
  transition: { openedMs: number; windowMs: number; phase: string },
): Key {
  const opened = sortableTime(transition.openedMs);
  const window = sortableTime(transition.windowMs);
  return {
    pk: incidentPartition(key.metric, key.series),
    sk: `${opened}#${partitionPart(key.partitionKey)}#${window}#${transition.phase}`,
  };
}

/** No counters in ids: metric, series, partition key, opening window. */
export function incidentId(key: SeriesKey, openedMs: number): string {
  const parts = [key.metric, key.series, key.partitionKey].map(escapePart);
  return `${parts.join('#')}#${isoTime(openedMs)}`;
}

/** A definition of a metric, for readers of the rows that name it. */
export function definitionKey(metric: string, fingerprint: string): Key {
  return { pk: `D#${escapePart(metric)}`, sk: `=${fingerprint}` };
}

export function newestDefinitionKey(metric: string): Key {
  return { pk: `D#${escapePart(metric)}`, sk: 'newest' };
}

/** Partition keys of one shard's items in the quarantine: a DynamoDB partition takes 1,000 writes a second. */
export const QUARANTINE_BUCKETS = 16;

/** Where a stream record stands. */
export interface StreamPosition {
  readonly stream: string;
  readonly shard: string;
  readonly sequence: string;
}

/** Index of the quarantine: what one stream record alone is refused for. */
export function recordEntryKey(at: StreamPosition): Key {
  const bucket = evenBucket(at.sequence, QUARANTINE_BUCKETS);
  return { pk: quarantinePartition(at, bucket), sk: sortableSequence(at.sequence) };
}

/**
 * Index of the quarantine: a stream record that no metric matches, in no part. In partitions of their own,
 * as they expire earlier, and in each partition the oldest are those that expire first.
 */
export function unmatchedEntryKey(at: StreamPosition): Key {
  const bucket = evenBucket(at.sequence, QUARANTINE_BUCKETS);
  return { pk: unmatchedPartition(at, bucket), sk: sortableSequence(at.sequence) };
}

/** Index of the quarantine: what a series refused of one stream record, by its first sub-record. */
export function quarantineKey(at: StreamPosition & { sub: number; metric: string | null }): Key {
  const { pk, sk } = recordEntryKey(at);
  const metric = at.metric === null ? '-' : `=${escapePart(at.metric)}`;
  return { pk, sk: `${sk}#${String(at.sub).padStart(7, '0')}#${metric}` };
}

/** Index of the quarantine: a record that was refused unread, whatever else is known of it. */
export function unreadEntryKey(at: StreamPosition): Key {
  const { pk, sk } = recordEntryKey(at);
  return { pk, sk: `${sk}#unread` };
}

function quarantinePartition(
  at: { readonly stream: string; readonly shard: string },
  bucket: number,
): string {
  return `Q#${shardPart(at)}#${twoDigits(bucket)}`;
}

function unmatchedPartition(
  at: { readonly stream: string; readonly shard: string },
  bucket: number,
): string {
  return `${quarantinePartition(at, bucket)}#unmatched`;
}

/** All partition keys of one shard in the index of the quarantine. */
export function quarantinePartitions(at: {
  readonly stream: string;
  readonly shard: string;
}): string[] {
  const buckets = Array.from({ length: QUARANTINE_BUCKETS }, (_, bucket) => bucket);
  return [
    ...buckets.map((bucket) => quarantinePartition(at, bucket)),
    ...buckets.map((bucket) => unmatchedPartition(at, bucket)),
  ];
}

/** Bytes of a stream record in the Control table; chunks of one that should have gone to S3. */
export function bytesKey(at: StreamPosition, chunk: number | null = null): Key {
  const bucket = evenBucket(at.sequence, QUARANTINE_BUCKETS);
  const sk = sortableSequence(at.sequence);
  const pk = `B#${shardPart(at)}#${twoDigits(bucket)}`;
  return { pk, sk: chunk === null ? sk : `${sk}#${twoDigits(chunk)}` };
}

/** All shards that have anything in the quarantine. */
export const QUARANTINED_SHARDS = 'I#quarantine';

export function quarantinedShardKey(at: { readonly stream: string; readonly shard: string }): Key {
  return { pk: QUARANTINED_SHARDS, sk: shardPart(at) };
}

/** The shard that such a key names. */
export function parseQuarantinedShard(sk: string): { stream: string; shard: string } {
  const [stream = '', shard = ''] = sk.split('#');
  return { stream: unescapePart(stream), shard: unescapePart(shard) };
}

/** One object per stream record: the bytes are the same whatever refused which part of them. */
export function quarantineObject(at: StreamPosition): string {
  return `quarantine/${at.stream}/${at.shard}/${at.sequence}`;
}

function shardPart({ stream, shard }: { stream: string; shard: string }): string {
  return `${escapePart(stream)}#${escapePart(shard)}`;
}

/** Sorts as the numbers do. */
export function sortableSequence(sequence: string): string {
  return `${String(sequence.length).padStart(3, '0')}:${sequence}`;
}

function twoDigits(bucket: number): string {
  return String(bucket).padStart(2, '0');
}

/**
 * An even hash of a text, also of numbers that follow one another: FNV-1a (Fowler, Noll, Vo) with the
 * last steps of MurmurHash3 (Appleby), without which its low bits are no hash of the last digits.
 */
export function evenBucket(text: string, buckets: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % buckets;
}

/** ISO 8601 with milliseconds and `Z`; years outside 0 to 9999 with their sign, as JavaScript does. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
