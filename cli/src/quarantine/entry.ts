import type { Item, KeyValueStore } from '@millrace/core/port';
import { quarantineView, scanAll } from '@millrace/core/results/read';
import type { QuarantineView } from '@millrace/core/results/view';

/** One index item: one metric's refusal of one user record, or the whole record's (`metric` null). */
export interface QuarantineEntry extends QuarantineView {
  /** `STREAM/SHARD/SEQUENCE.SUB`: what `show` takes. Metrics that refused one record share it. */
  readonly id: string;
  readonly kind: 'invalid' | 'late' | 'unmatched';
  readonly series: string | null;
  /** Attempts at the record alone; 1 unless it killed its process. */
  readonly attempt: number;
  readonly lastSeenMs: number;
}

export interface QuarantineFilter {
  readonly reason?: string;
  /** Earliest arrival, epoch milliseconds. */
  readonly sinceMs?: number;
  readonly metric?: string;
}

export function entryOf(item: Item): QuarantineEntry {
  const view = quarantineView(item);
  const { stream, shard, sequence, sub, arrivalMs } = view;
  return {
    ...view,
    id: `${stream}/${shard}/${sequence}.${sub}`,
    kind: item.kind as QuarantineEntry['kind'],
    series: item.series === undefined ? null : String(item.series),
    attempt: Number(item.attempt ?? 1),
    lastSeenMs: Number(item.lastSeenMs ?? arrivalMs),
  };
}

/** Streams the index, in order of each shard; records that no metric matched are in it without bytes. */
export async function* readEntries(
  control: KeyValueStore,
  filter: QuarantineFilter,
): AsyncGenerator<QuarantineEntry> {
  for await (const item of scanAll(control)) {
    if (!item.pk.startsWith('Q#')) continue;
    const entry = entryOf(item);
    if (passes(entry, filter)) yield entry;
  }
}

/** Without a reason what was not refused is left out: unmatched records are no fault of anybody. */
function passes(entry: QuarantineEntry, { reason, sinceMs, metric }: QuarantineFilter): boolean {
  if (reason === undefined ? entry.kind === 'unmatched' : entry.reason !== reason) return false;
  if (sinceMs !== undefined && entry.arrivalMs < sinceMs) return false;
  return metric === undefined || entry.metric === metric;
}

/** The JSON of one entry: times as ISO 8601. */
export function entryLine(entry: QuarantineEntry): Record<string, unknown> {
  const { arrivalMs, lastSeenMs, object, ...rest } = entry;
  return {
    ...rest,
    firstSeen: new Date(arrivalMs).toISOString(),
    lastSeen: new Date(lastSeenMs).toISOString(),
    object: entry.kind === 'unmatched' ? null : object,
  };
}
