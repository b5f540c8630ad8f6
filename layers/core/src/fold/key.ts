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

/** The series a state item belongs to; `partitionKey` is null where its key holds only a digest of it. */
export function parseStateKey(key: Key): Omit<SeriesKey, 'partitionKey'> & {
  readonly partitionKey: string | null;
} {
  const parts = key.pk.split('#');
  if (parts.length !== 3 || parts[0] !== 'S') {
    throw new BugError(`not a state key: ${key.pk} ${key.sk}`);
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

export function quarantineKey(at: {
  stream: string;
  shard: string;
  sequence: string;
  sub: number;
  metric: string | null;
}): Key {
  const sequence = `${String(at.sequence.length).padStart(3, '0')}:${at.sequence}`;
  const metric = at.metric === null ? '-' : `=${escapePart(at.metric)}`;
  return {
    pk: `Q#${escapePart(at.stream)}#${escapePart(at.shard)}`,
    sk: `${sequence}#${String(at.sub).padStart(7, '0')}#${metric}`,
  };
}

/** One object per user record: the bytes are the same whatever metric refused them. */
export function quarantineObject(at: {
  stream: string;
  shard: string;
  sequence: string;
  sub: number;
}): string {
  return `quarantine/${at.stream}/${at.shard}/${at.sequence}.${at.sub}`;
}

/** ISO 8601 with milliseconds and `Z`; years outside 0 to 9999 with their sign, as JavaScript does. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
