import type { Clock, StreamEntry, StreamWriter } from '@millrace/core/port';
import type { TimedEntry } from './load';

/** Of one call of the writer: small enough that the pace is kept, large enough for full requests. */
const ENTRIES_A_PUT_MAX = 2000;

export interface PaceOptions {
  readonly writer: StreamWriter;
  readonly clock: Clock;
  /** Times the recorded pace; Infinity does not wait. */
  readonly speed: number;
  readonly prepare?: (data: Uint8Array) => Uint8Array;
  readonly onProgress?: (put: number) => void;
}

/**
 * Puts the entries at their recorded distances. One call of the writer at a time: an entry that is
 * refused holds back the later ones of its key, also those that fall due meanwhile.
 * Answers how far behind the recorded pace it came, at most, in milliseconds.
 */
export async function putPaced(
  entries: readonly TimedEntry[],
  { writer, clock, speed, prepare, onProgress }: PaceOptions,
): Promise<{ readonly lagMsMax: number }> {
  const startMs = clock.nowMs();
  const firstMs = entries[0]?.arrivalMs ?? 0;
  const dueMs = (entry: TimedEntry) => startMs + (entry.arrivalMs - firstMs) / speed;
  let lagMsMax = 0;
  for (let put = 0; put < entries.length; ) {
    const due = dueMs(entries[put] as TimedEntry);
    const waitMs = Math.ceil(due - clock.nowMs());
    if (waitMs > 0) await clock.sleep(waitMs);
    const nowMs = clock.nowMs();
    if (speed !== Number.POSITIVE_INFINITY) lagMsMax = Math.max(lagMsMax, nowMs - due);
    let end = put;
    while (end < entries.length && end - put < ENTRIES_A_PUT_MAX) {
      if (dueMs(entries[end] as TimedEntry) > nowMs && end > put) break;
      end += 1;
    }
    await writer.put(entries.slice(put, end).map((entry) => streamEntry(entry, prepare)));
    put = end;
    onProgress?.(put);
  }
  return { lagMsMax };
}

function streamEntry(
  { partitionKey, data, explicitHashKey }: TimedEntry,
  prepare: PaceOptions['prepare'],
): StreamEntry {
  const entry = { partitionKey, data: prepare === undefined ? data : prepare(data) };
  return explicitHashKey === undefined ? entry : { ...entry, explicitHashKey };
}
