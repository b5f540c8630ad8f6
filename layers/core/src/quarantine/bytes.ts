import type { CommitPorts } from '../commit/ports';
import { DeadlineError, UnavailableError } from '../error';
import { bytesKey, quarantineObject, type StreamPosition } from '../fold/key';
import type { Item, KeyValueStore, ObjectStore } from '../port';
import { decodeBase64, encodeBase64 } from './base64';
import { objectMetadata, type Refused } from './metadata';

/** Smaller records live in the Control table, where a write costs less than a PUT of S3 would. */
export const INLINE_BYTES_MAX = 3_072;
/** Of a record that S3 could not take: as base64 some 350 KB, within an item of DynamoDB. */
export const CHUNK_BYTES_MAX = 262_144;

/** In the entry itself, in items of the Control table, or in the bucket. */
export type BytesPlace = 'inline' | 'control' | 'object';

/** One stream record's exact bytes: the same object for all that was decoded from them. */
export interface RecordSource {
  bytes(): Uint8Array;
  /** Of the stream record; that of a user record in an aggregate is another. */
  readonly partitionKey?: string;
  /** Whether the bytes hold user records of their own. */
  readonly isAggregate?: boolean;
  /** Where this invocation has put them; absent or null = nowhere yet. */
  kept?: Promise<BytesPlace> | null;
}

export interface RecordPlace extends StreamPosition {
  /** Of the stream record. */
  readonly partitionKey: string;
  /** First seen. Data, not the clock of whoever refuses it, so that a replay writes the same. */
  readonly arrivalMs: number;
}

/** When the table may forget what is kept of a record. */
export interface KeptFor {
  /** How long the stream keeps records. */
  readonly retentionMs: number;
  /** How long refused records are kept for people; absent = no longer than the stream may need them. */
  readonly quarantineRetentionMs?: number;
}

/** A stream's retention may be raised while the item exists, as for states. */
const MARGIN_MS = 7 * 24 * 3_600_000;

/** Last moment at which bytes and entry are of use: before it, their record might come again. */
function keptUntilMs(
  arrivalMs: number,
  { retentionMs, quarantineRetentionMs = 0 }: KeptFor,
): number {
  return arrivalMs + Math.max(retentionMs + MARGIN_MS, quarantineRetentionMs);
}

/**
 * The table forgets an entry so long after its time is over: until then it is counted in the tally,
 * whatever stops that for days.
 */
export const TALLY_MARGIN_MS = 7 * 24 * 3_600_000;

/** `ttl` of an index entry: its counts are in the tally by then. */
export function entryTtl(arrivalMs: number, keptFor: KeptFor): number {
  return Math.ceil((keptUntilMs(arrivalMs, keptFor) + TALLY_MARGIN_MS) / 1000);
}

/**
 * Keeps a stream record's bytes outside its index entry, before anything names them: once per
 * invocation, whatever number of its parts is refused, and create-once, so that repeating is free.
 */
export function keepBytes(
  ports: CommitPorts,
  place: RecordPlace,
  refused: Refused,
  source: RecordSource,
  keptFor: KeptFor,
): Promise<BytesPlace> {
  source.kept ??= keep(ports, place, refused, source.bytes(), keptFor).catch((error) => {
    source.kept = null;
    throw error;
  });
  return source.kept;
}

async function keep(
  { control, quarantine }: CommitPorts,
  place: RecordPlace,
  refused: Refused,
  bytes: Uint8Array,
  keptFor: KeptFor,
): Promise<BytesPlace> {
  const ttl = Math.ceil(keptUntilMs(place.arrivalMs, keptFor) / 1000);
  if (bytes.length <= INLINE_BYTES_MAX) {
    await control.put({ ...bytesKey(place), data: encodeBase64(bytes), ttl }, { kind: 'absent' });
    return 'control';
  }
  try {
    await quarantine.create(quarantineObject(place), bytes, objectMetadata(place, refused));
    return 'object';
  } catch (error) {
    // The healthy neighbours must not wait for S3.
    if (!(error instanceof UnavailableError || error instanceof DeadlineError)) throw error;
    for (const item of chunksOf(place, bytes)) {
      await control.put({ ...item, ttl }, { kind: 'absent' });
    }
    return 'control';
  }
}

function* chunksOf(place: RecordPlace, bytes: Uint8Array): Generator<Item> {
  const of = Math.ceil(bytes.length / CHUNK_BYTES_MAX);
  for (let chunk = 0; chunk < of; chunk++) {
    const from = chunk * CHUNK_BYTES_MAX;
    const data = encodeBase64(bytes.subarray(from, from + CHUNK_BYTES_MAX));
    yield { ...bytesKey(place, chunk), of, data };
  }
}

/** Where bytes may lie: `at` as the entry says, `data` what it holds itself. */
export interface KeptBytes extends StreamPosition {
  readonly at: BytesPlace | null;
  readonly data: string | null;
}

/** A stream record's bytes from wherever they are; undefined = they are gone, or were never kept. */
export async function readBytes(
  stores: { readonly control: KeyValueStore; readonly quarantine: ObjectStore },
  kept: KeptBytes,
): Promise<Uint8Array | undefined> {
  if (kept.at === null) return undefined;
  if (kept.at === 'inline') return kept.data === null ? undefined : decodeBase64(kept.data);
  if (kept.at === 'control') return readItems(stores.control, kept);
  return (await stores.quarantine.get(quarantineObject(kept)))?.bytes;
}

async function readItems(
  control: KeyValueStore,
  place: StreamPosition,
): Promise<Uint8Array | undefined> {
  const [whole, first] = await control.getMany([bytesKey(place), bytesKey(place, 0)]);
  if (whole !== undefined) return decodeBase64(String(whole.data));
  if (first === undefined) return undefined;
  const parts = [decodeBase64(String(first.data))];
  for (let chunk = 1; chunk < Number(first.of); chunk++) {
    const [next] = await control.getMany([bytesKey(place, chunk)]);
    if (next === undefined) return undefined;
    parts.push(decodeBase64(String(next.data)));
  }
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
