import type { Definition } from '../fold/definition';
import type { SeriesKey } from '../fold/key';
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
  readonly measurement: Measurement | null;
  /** Why the measurement must not be folded (its record killed the process too often); else null. */
  readonly refuse: Refusal | null;
  /** Gives the user record's exact bytes, for the quarantine. */
  readonly source: { bytes(): Uint8Array };
}

/** All entries of a batch that fold into one state, in the order of the shard. */
export interface Group {
  readonly key: SeriesKey;
  readonly definition: Definition;
  readonly stream: string;
  readonly shard: string;
  readonly entries: readonly GroupEntry[];
}

/** Marks and outboxes name a shard by its stream too: shard ids repeat between streams. */
export function sourceOf(group: { readonly stream: string; readonly shard: string }): string {
  return `${group.stream}/${group.shard}`;
}
