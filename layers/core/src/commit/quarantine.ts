import { isoTime, quarantineKey, quarantineObject } from '../fold/key';
import type { Item } from '../port';
import { wellFormed } from '../record/utf8';
import type { CommitPorts } from './ports';

/** Where a user record stands and when it came in: what names its object. */
export interface RecordPlace {
  readonly stream: string;
  readonly shard: string;
  readonly sequence: string;
  readonly sub: number;
  readonly partitionKey: string;
  /** First seen. Data, not the clock of whoever refuses it, so that a replay writes the same. */
  readonly arrivalMs: number;
}

export interface QuarantineEntry extends RecordPlace {
  readonly kind: 'invalid' | 'late' | 'unmatched';
  readonly reason: string;
  readonly detail: string;
  readonly metric: string | null;
  readonly series: string | null;
  /** Which attempt at the record alone refused it; only for records that killed the process. */
  readonly attempt?: number;
  /** Last seen, by the clock; absent = never again after its arrival. */
  readonly lastSeenMs?: number;
  /** When the table may forget the item: `unmatchedUntilMs`; absent = never. */
  readonly untilMs?: number;
}

/** A stream's retention may be raised while the item exists, as for states. */
const UNMATCHED_MARGIN_MS = 7 * 24 * 3_600_000;

/**
 * How long the item of an unmatched record is of use: while the record may come again, it must be found,
 * or the record would count twice. Nothing can be redriven from it, and such records are no exception:
 * a stream that is shared with other consumers may hold little else.
 *
 * @param retentionMs how long the stream keeps records
 */
export function unmatchedUntilMs(arrivalMs: number, retentionMs: number): number {
  return arrivalMs + retentionMs + UNMATCHED_MARGIN_MS;
}

/** What an object says about itself, for whoever finds it without the index. */
export interface Refused {
  readonly reason: string;
  readonly detail: string;
  readonly metric: string | null;
  readonly attempt?: number;
}

/**
 * Keeps the bytes first: an index item must never point at nothing. Creates once; repeating is free.
 * Several metrics may refuse one record: the object names the first, the index names them all.
 */
export async function keepBytes(
  ports: CommitPorts,
  place: RecordPlace,
  refused: Refused,
  bytes: Uint8Array,
): Promise<void> {
  await ports.quarantine.create(quarantineObject(place), bytes, objectMetadata(place, refused));
}

/**
 * The index item is what counts and what is redriven; created once, so that a redelivered record is
 * counted once. Answers false when it was there already; then `seenMs` becomes its last time seen.
 */
export async function indexQuarantined(
  ports: CommitPorts,
  entry: QuarantineEntry,
  seenMs: number | null = null,
): Promise<boolean> {
  const result = await ports.control.put(quarantineItem(entry), { kind: 'absent' });
  if (result === 'written') return true;
  // Never creates: a deleted item must not come back as a shell without a record.
  if (seenMs !== null) {
    await ports.control.update(
      quarantineKey(entry),
      { lastSeenMs: Math.floor(seenMs) },
      { kind: 'exists' },
    );
  }
  return false;
}

/** Longest text of a detail: user code may throw a novel. */
export const DETAIL_LENGTH_MAX = 500;

export function quarantineItem(entry: QuarantineEntry): Item {
  const { metric, series, untilMs, ...rest } = entry;
  return {
    ...quarantineKey(entry),
    ...rest,
    partitionKey: wellFormed(entry.partitionKey),
    detail: wellFormed(entry.detail.slice(0, DETAIL_LENGTH_MAX)),
    ...(metric === null ? {} : { metric }),
    ...(series === null ? {} : { series }),
    ...(entry.kind === 'unmatched' ? {} : { object: quarantineObject(entry) }),
    ...(untilMs === undefined ? {} : { ttl: Math.ceil(untilMs / 1000) }),
  };
}

/** S3 holds 2,048 bytes of metadata, names included; every text gets a share that it cannot exceed. */
const SHARE_BYTES = { detail: 600, metric: 300, partitionKey: 300, position: 150 } as const;

export function objectMetadata(place: RecordPlace, refused: Refused): Record<string, string> {
  const metadata: Record<string, string> = {
    reason: cut(refused.reason, SHARE_BYTES.position),
    detail: cut(refused.detail, SHARE_BYTES.detail),
    stream: cut(place.stream, SHARE_BYTES.position),
    shard: cut(place.shard, SHARE_BYTES.position),
    sequence: cut(place.sequence, SHARE_BYTES.position),
    sub: String(place.sub),
    'partition-key': cut(place.partitionKey, SHARE_BYTES.partitionKey),
    'first-seen': isoTime(place.arrivalMs),
  };
  if (refused.metric !== null) metadata.metric = cut(refused.metric, SHARE_BYTES.metric);
  if (refused.attempt !== undefined) metadata.attempt = String(refused.attempt);
  return metadata;
}

/** Cuts a text to so many bytes in an HTTP header, where all but plain ASCII is percent-encoded. */
function cut(text: string, bytesMax: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of wellFormed(text)) {
    bytes += /[!-$&-~]/.test(character) ? 1 : encodeURIComponent(character).length;
    if (bytes > bytesMax) break;
    end += character.length;
  }
  return wellFormed(text).slice(0, end);
}
