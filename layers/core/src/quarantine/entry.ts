import type { BatchSource, Group, GroupEntry } from '../commit/group';
import type { CommitPorts } from '../commit/ports';
import {
  quarantineKey,
  quarantineObject,
  recordEntryKey,
  unmatchedEntryKey,
  unreadEntryKey,
} from '../fold/key';
import type { QuarantineOutput } from '../fold/state';
import type { Item, KeyValueStore } from '../port';
import { wellFormed } from '../record/utf8';
import { encodeBase64 } from './base64';
import {
  type BytesPlace,
  entryTtl,
  INLINE_BYTES_MAX,
  type KeptFor,
  keepBytes,
  type RecordPlace,
  type RecordSource,
} from './bytes';
import type { Refused } from './metadata';
import { DETAIL_LENGTH_MAX, encodeGroups, type RecordRefusals, UNMATCHED } from './refusals';
import { registerShard } from './shards';
import { addSub, type Span } from './spans';

/*
 * The index of the quarantine has three kinds of items, all of them created once. In all of them
 * `invalid` and `unmatched` are what the item counts for in the accounting.
 * - `record`: what one stream record alone is refused for, all of it.
 * - `late`, `invalid`: what a series refused of one stream record. Its state counts that, so `invalid`
 *   is absent, unless the state cannot count.
 * - `unread`: a record that kills the process while it is decoded; one invalid measurement.
 */

export interface EntryOptions extends KeptFor {
  /** Clock of the host: last time seen, if the entry is there already. */
  readonly seenMs?: number | undefined;
}

/**
 * Puts what follows from one stream record alone into the quarantine: one item, and at most one object.
 * Answers false when the entry was there already: the record has come again.
 */
export async function quarantineRecord(
  ports: CommitPorts,
  place: RecordPlace,
  refusals: RecordRefusals,
  source: RecordSource,
  options: EntryOptions,
): Promise<boolean> {
  const { invalid, unmatched, groups } = refusals;
  const refused = groups.find(({ reason }) => reason !== UNMATCHED);
  const { retentionMs } = options;
  const item = {
    ...(refused === undefined ? unmatchedEntryKey(place) : recordEntryKey(place)),
    kind: 'record',
    ...position(place),
    ...(source.isAggregate === true && { aggregate: true }),
    ...{ invalid, unmatched, body: encodeGroups(groups) },
    // There is nothing in it for people: it is kept while the record may come again.
    ttl: entryTtl(place.arrivalMs, refused === undefined ? { retentionMs } : options),
    ...(refused !== undefined && (await bytesOf(ports, place, refused, source, options))),
  };
  return createEntry(ports.control, item, options.seenMs);
}

/** Puts a record into the quarantine that nothing could be read of. Answers as `quarantineRecord`. */
export async function quarantineUnread(
  ports: CommitPorts,
  place: RecordPlace,
  refused: Refused & { readonly metric: null; readonly lastSeenMs?: number },
  source: RecordSource,
  options: EntryOptions,
): Promise<boolean> {
  const { reason, detail, attempt, lastSeenMs } = refused;
  const item = {
    ...unreadEntryKey(place),
    kind: 'unread',
    ...position(place),
    ...{ reason, detail: textOf(detail), invalid: 1 },
    ttl: entryTtl(place.arrivalMs, options),
    ...(attempt !== undefined && { attempt }),
    ...(lastSeenMs !== undefined && { lastSeenMs }),
    ...(await bytesOf(ports, place, refused, source, options)),
  };
  return createEntry(ports.control, item, options.seenMs);
}

/** A series, and the shard its records came through. */
type SeriesPlace = Pick<Group, 'key' | 'stream' | 'shard'>;

/**
 * Puts measurements that one stream record brought for one series into the quarantine, because its state
 * cannot count them. Answers as `quarantineRecord`.
 */
export async function quarantineUncounted(
  ports: CommitPorts,
  group: Pick<Group, 'key' | keyof BatchSource>,
  [first, ...others]: readonly [GroupEntry, ...GroupEntry[]],
  why: { readonly reason: string; readonly detail: string },
  options: EntryOptions,
): Promise<boolean> {
  await registerShard(ports.control, group);
  const refused = outputOf(first, why);
  for (const entry of others) addToOutput(refused, entry);
  const at = await keepOf(ports, group, first, why, options);
  const item = { ...seriesItem({ ...refused, at }, group, options), invalid: refused.count };
  return createEntry(ports.control, item, options.seenMs);
}

/** Keeps the bytes of the stream record that brought a refused measurement of a series. */
export function keepOf(
  ports: CommitPorts,
  { key, stream, shard, sources }: Pick<Group, 'key' | keyof BatchSource>,
  { recordIndex, sequence, arrivalMs }: GroupEntry,
  why: Omit<Refused, 'metric'>,
  keptFor: KeptFor,
): Promise<BytesPlace> {
  const source = sources.of(recordIndex);
  const { partitionKey = key.partitionKey } = source;
  const place = { stream, shard, sequence, partitionKey, arrivalMs };
  return keepBytes(ports, place, { ...why, metric: key.metric }, source, keptFor);
}

/** What a series refuses of one stream record, begun with its first measurement. */
export function outputOf(
  { sequence, sub, user = null, arrivalMs }: GroupEntry,
  why: Pick<QuarantineOutput, 'reason' | 'detail' | 'attempt' | 'lastSeenMs'>,
): QuarantineOutput {
  const subs: Span[] = [];
  addSub(subs, sub, user ?? 0);
  // The outbox holds it, so a novel that user code threw is cut here already.
  const detail = why.detail.slice(0, DETAIL_LENGTH_MAX);
  const output = { ...why, detail, sequence, sub, arrivalMs, count: 1, subs };
  return user === null ? output : { ...output, aggregate: true };
}

/** Adds a further measurement of the same stream record. Answers by how many bytes the JSON grew. */
export function addToOutput(output: QuarantineOutput, { sub, user }: GroupEntry): number {
  output.count++;
  return addSub(output.subs, sub, user ?? 0) + COUNT_BYTES;
}

/** The count gets a digit more now and then. */
const COUNT_BYTES = 1;

/** Writes what a committed state owes the index. */
export async function indexOutput(
  ports: CommitPorts,
  output: QuarantineOutput,
  group: SeriesPlace,
  keptFor: KeptFor,
): Promise<void> {
  await ports.control.put(seriesItem(output, group, keptFor), { kind: 'absent' });
}

function seriesItem(
  { at, subs, aggregate, attempt, lastSeenMs, ...output }: QuarantineOutput,
  { key, stream, shard }: SeriesPlace,
  keptFor: KeptFor,
): Item {
  const place = { stream, shard, sequence: output.sequence };
  return {
    ...quarantineKey({ ...place, sub: output.sub, metric: key.metric }),
    kind: output.reason === 'late' ? 'late' : 'invalid',
    ...output,
    ...{ stream, shard, subs: JSON.stringify(subs) },
    ...{ metric: wellFormed(key.metric), series: wellFormed(key.series) },
    partitionKey: wellFormed(key.partitionKey),
    detail: textOf(output.detail),
    ttl: entryTtl(output.arrivalMs, keptFor),
    ...(aggregate === true && { aggregate }),
    ...(attempt !== undefined && { attempt }),
    ...(lastSeenMs !== undefined && { lastSeenMs }),
    ...(at !== undefined && pointerTo(at, place)),
  };
}

function position({ stream, shard, sequence, partitionKey, arrivalMs }: RecordPlace) {
  return { stream, shard, sequence, partitionKey: wellFormed(partitionKey), arrivalMs };
}

/** Bytes that are small enough are part of the entry; others are kept before anything names them. */
async function bytesOf(
  ports: CommitPorts,
  place: RecordPlace,
  refused: Refused,
  source: RecordSource,
  options: KeptFor,
): Promise<{ at: BytesPlace; data?: string; object?: string }> {
  const bytes = source.bytes();
  if (bytes.length <= INLINE_BYTES_MAX) return { at: 'inline', data: encodeBase64(bytes) };
  return pointerTo(await keepBytes(ports, place, refused, source, options), place);
}

function pointerTo(at: BytesPlace, place: Parameters<typeof quarantineObject>[0]) {
  return at === 'object' ? { at, object: quarantineObject(place) } : { at };
}

/** Created once, so that a redelivered record is counted once. */
async function createEntry(
  control: KeyValueStore,
  item: Item,
  seenMs: number | undefined,
): Promise<boolean> {
  const result = await control.put(item, { kind: 'absent' });
  if (result === 'written') return true;
  // Never creates: an item that is gone must not come back as a shell without a record.
  if (seenMs !== undefined) {
    const { pk, sk } = item;
    await control.update({ pk, sk }, { lastSeenMs: Math.floor(seenMs) }, { kind: 'exists' });
  }
  return false;
}

function textOf(detail: string): string {
  return wellFormed(detail.slice(0, DETAIL_LENGTH_MAX));
}
