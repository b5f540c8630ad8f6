import type { Definition } from '../fold/definition';
import type { SeriesKey } from '../fold/key';
import { shardMark } from '../fold/marks';
import type { RecordSource } from '../quarantine/bytes';
import type { Measurement } from '../record/record';

/** A record that killed the process: counted attempts at it alone, and when the last one began. */
export interface Refusal {
  readonly detail: string;
  readonly attempt: number;
  readonly lastSeenMs?: number;
}

/** One measurement, or one tick (`measurement` null), of one series in a batch. */
export interface GroupEntry {
  /** Index of its stream record in the batch: what a partial response reports. */
  readonly recordIndex: number;
  readonly sequence: string;
  readonly sub: number;
  readonly arrivalMs: number;
  /** Name of the mark of what an aggregate's carrier brings; null or absent = that of the shard. */
  readonly mark?: string | null;
  readonly measurement: Measurement | null;
  /** Why the measurement must not be folded (its record killed the process too often); else null. */
  readonly refuse: Refusal | null;
  /** Which of the user records in an aggregate it comes from; null or absent = it is no aggregate. */
  readonly user?: number | null;
}

/** Where the records of a batch came from, and their bytes. */
export interface BatchSource {
  readonly stream: string;
  readonly shard: string;
  /** The bytes of stream records by their index in the batch, for the quarantine. */
  readonly sources: { of(recordIndex: number): RecordSource };
}

/** All entries of a batch that fold into one state, in the order of the shard. */
export interface Group extends BatchSource {
  readonly key: SeriesKey;
  readonly definition: Definition;
  readonly entries: readonly GroupEntry[];
}

export function sourceOf(group: { readonly stream: string; readonly shard: string }): string {
  return shardMark(group.stream, group.shard);
}
