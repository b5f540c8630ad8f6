import { ENTRY_BYTES_MAX } from '@millrace/adapters/aws/kinesis-writer';
import { putableKey } from '@millrace/core/partition-key';
import type { StreamEntry } from '@millrace/core/port';
import { HeldBytes } from '../recording/held-bytes';
import { readRecording } from '../recording/read';
import type { RecordedRecord, RecordedShard } from '../recording/record';

/** A record to put, and when: in the order in which all are put. */
export interface TimedEntry extends StreamEntry {
  /** Recorded arrival in epoch milliseconds; never steps back within a shard or behind its parents. */
  readonly arrivalMs: number;
}

export interface LoadedRecording {
  readonly origin: string | null;
  readonly entries: readonly TimedEntry[];
  /** Records that no stream takes: broken base64, or above 1 MiB with the key. */
  readonly skipped: number;
}

/**
 * Reads all of a recording into memory: shards are merged by arrival, and a record never comes before
 * the one that stood before it in its shard, nor a shard's before its parents'.
 */
export async function loadRecording(
  path: string,
  options: { readonly partial: boolean; readonly warn: (message: string) => void },
): Promise<LoadedRecording> {
  const ofShard = new Map<string, TimedEntry[]>();
  let skipped = 0;
  const held = new HeldBytes(path);
  const { header, shards } = await readRecording(path, options, (record) => {
    held.add(record);
    const entry = entryOf(record);
    if (entry === null) {
      skipped += 1;
      return;
    }
    const list = ofShard.get(record.shard);
    if (list === undefined) ofShard.set(record.shard, [entry]);
    else list.push(entry);
  });
  const entries = parentsFirst(shards, ofShard);
  // Stable: equal arrivals keep the order of shards and lines.
  entries.sort((a, b) => a.arrivalMs - b.arrivalMs);
  return { origin: header.origin, entries, skipped };
}

function entryOf({
  data,
  partitionKey,
  arrivalMs,
  explicitHashKey,
}: RecordedRecord): TimedEntry | null {
  const bytes = Buffer.from(data, 'base64');
  // Node skips what is not base64; Kinesis carries bytes and cannot carry the mistake.
  if (bytes.toString('base64') !== data) return null;
  if (bytes.length + Buffer.byteLength(partitionKey) > ENTRY_BYTES_MAX) return null;
  const entry = { partitionKey: putableKey(partitionKey), arrivalMs, data: bytes };
  return explicitHashKey === undefined ? entry : { ...entry, explicitHashKey };
}

/** Shard after shard, each behind its parents, arrivals raised to those of what comes before. */
function parentsFirst(
  shards: readonly RecordedShard[],
  ofShard: ReadonlyMap<string, readonly TimedEntry[]>,
): TimedEntry[] {
  const lastMs = new Map<string, number>();
  const entries: TimedEntry[] = [];
  let waiting = [...shards];
  while (waiting.length > 0) {
    const isReady = ({ parent, adjacent }: RecordedShard) =>
      !waiting.some(({ id }) => id === parent || id === adjacent);
    const ready = waiting.filter(isReady);
    for (const { id, parent, adjacent } of ready) {
      let atMs = Math.max(lastMs.get(parent ?? '') ?? 0, lastMs.get(adjacent ?? '') ?? 0);
      for (const entry of ofShard.get(id) ?? []) {
        atMs = Math.max(atMs, entry.arrivalMs);
        entries.push(atMs === entry.arrivalMs ? entry : { ...entry, arrivalMs: atMs });
      }
      lastMs.set(id, atMs);
    }
    // The reader refuses circles, so something is always ready.
    waiting = waiting.filter((shard) => !ready.includes(shard));
  }
  return entries;
}
