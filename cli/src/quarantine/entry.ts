import { quarantineObject } from '@millrace/core/fold/key';
import type { KeyValueStore } from '@millrace/core/port';
import {
  type Refusal,
  type RefusalView,
  type RefusedRecord,
  refusedRecords,
  viewOf,
} from '@millrace/core/results/quarantine';

/** What one metric, or none, refused of one stream record for one reason. */
export interface QuarantineEntry extends RefusalView {
  /** `STREAM/SHARD/SEQUENCE.SUB` of the first measurement: what `show` takes. */
  readonly id: string;
  /** Key of the object with the stream record's bytes; null = they are no object. */
  readonly object: string | null;
}

export interface QuarantineFilter {
  readonly reason?: string;
  /** Earliest arrival, epoch milliseconds. */
  readonly sinceMs?: number;
  readonly metric?: string;
}

/** A stream record with those of its refusals that pass a filter; never none. */
export interface FilteredRecord {
  readonly record: RefusedRecord;
  readonly refusals: readonly Refusal[];
}

/** Streams the index, in order of each shard; records that no metric matched are in it without bytes. */
export async function* readRecords(
  control: KeyValueStore,
  filter: QuarantineFilter,
): AsyncGenerator<FilteredRecord> {
  for await (const record of refusedRecords(control)) {
    if (filter.sinceMs !== undefined && record.arrivalMs < filter.sinceMs) continue;
    const refusals = record.refusals.filter((refusal) => passes(refusal, filter));
    if (refusals.length > 0) yield { record, refusals };
  }
}

/** Without a reason what was not refused is left out: unmatched records are no fault of anybody. */
function passes({ kind, ...refusal }: Refusal, { reason, metric }: QuarantineFilter): boolean {
  if (reason === undefined ? kind === 'unmatched' : refusal.reason !== reason) return false;
  return metric === undefined || refusal.metric === metric;
}

export function entryOf(record: RefusedRecord, refusal: Refusal): QuarantineEntry {
  const view = viewOf(record, refusal);
  const { stream, shard, sequence, sub } = view;
  const isObject = refusal.kind !== 'unmatched' && record.at === 'object';
  return {
    ...view,
    id: `${stream}/${shard}/${sequence}.${sub}`,
    object: isObject ? quarantineObject(record) : null,
  };
}

/** The JSON of one entry: times as ISO 8601. */
export function entryLine(entry: QuarantineEntry): Record<string, unknown> {
  const { id, reason, detail, metric, stream, shard, sequence, sub, count } = entry;
  const { partitionKey, kind, series, attempt, arrivalMs, lastSeenMs, object } = entry;
  return {
    ...{ reason, detail, metric, stream, shard, sequence, sub, count, partitionKey, id, kind },
    ...{ series, attempt },
    firstSeen: new Date(arrivalMs).toISOString(),
    lastSeen: new Date(lastSeenMs).toISOString(),
    object,
  };
}
