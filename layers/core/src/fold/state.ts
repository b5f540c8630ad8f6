import type { EncodedAggregate, WindowAggregate } from '../aggregate/aggregate';
import type { EncodedDetector } from '../detector/detector';
import type { BytesPlace } from '../quarantine/bytes';
import type { Span } from '../quarantine/spans';
import type { Bar } from './window';

/** High-water mark of one source (./marks): all that it brought up to here is in the state. */
export interface Mark {
  readonly sequence: string;
  readonly sub: number;
  readonly arrivalMs: number;
  /**
   * Only of records without a partition key: they have no order, so sequence and sub are a floor, and
   * these are the records above it. Oldest part first.
   */
  readonly seen?: readonly SeenPart[];
}

/** Records that are known by their hashes, one behind the other; sequence and sub are their highest. */
export interface SeenPart {
  readonly sequence: string;
  readonly sub: number;
  readonly arrivalMs: number;
  readonly hashes: string;
}

/** A window that is open, or published and still held for revisions and duplicates. */
export interface HeldWindow {
  readonly startMs: number;
  readonly endMs: number;
  aggregate: WindowAggregate;
  /** 0 = not published. */
  rev: number;
  /** Measurements applied when the watermark had already reached the end. */
  late: number;
  /** Dedupe keys in order of arrival, bounded; null when the metric does not dedupe. */
  keys: Set<string> | null;
  /** Kept from rev 1, so that a revision does not lose them. */
  score: number | null;
  anomaly: boolean;
  expected: { readonly low: number; readonly high: number } | null;
  incident: string | null;
}

export interface OpenIncident {
  readonly id: string;
  readonly openedMs: number;
  severity: 'info' | 'warning' | 'critical';
  score: number;
  observed: number;
  expected: { readonly low: number; readonly high: number };
  reason: string;
  /** Consecutive calm windows since the last anomalous one. */
  calm: number;
}

export interface Counters {
  applied: number;
  late: number;
  duplicate: number;
  /** Measurements quarantined by the fold itself (reasons `fold` and `attempts`). */
  invalid: number;
  revised: number;
  dedupeOverflow: number;
}

/** All there is to know about one (metric, partition key, series). A draft is folded, then committed. */
export interface SeriesState {
  /** Commits so far; 0 = never stored. */
  version: number;
  /** Number of the definition that wrote it; 0 = never stored. */
  definitionNumber: number;
  /** Raised when the metric's definition changes: rows of two epochs are never mixed. */
  epoch: number;
  /**
   * Windows that start before it are closed for good: they belong to the definition before, or had to
   * go for want of room.
   */
  floorMs: number | null;
  /** Times ahead whose windows are closed for good all the same: they went for want of room, or belong to
   * the definition before. In order, and few (`BARS_MAX`). */
  bars: readonly Bar[];
  /** What the end of the previous epoch owes, until it is committed. */
  retired: Retired | null;
  watermarkMs: number | null;
  lastArrivalMs: number | null;
  /** By name (./marks): of a shard, or of what one carrier brought in it. */
  marks: Map<string, Mark>;
  /**
   * Newest arrival of a measurement that was refused because its shard could get no mark; null = none
   * that may come again. While it is set, such shards' records are looked up in the quarantine index.
   */
  refusedMs: number | null;
  /** By start, oldest first. */
  windows: Map<number, HeldWindow>;
  detector: EncodedDetector | null;
  incident: OpenIncident | null;
  counters: Counters;
  /** Outputs of the newest commit, not yet known to be written. */
  outbox: Outbox | null;
}

/** Outputs of closing the windows of a definition that is no more. */
export interface Retired {
  readonly rows: readonly RowOutput[];
  readonly incidents: readonly IncidentOutput[];
}

/** One revision of one window of one part (partition key) of a series. */
export interface RowOutput {
  /** Fingerprint of the definition that can read `aggregate`. */
  readonly def: string;
  /** Its number: of several definitions of one window, readers take the newest. Absent in old rows. */
  readonly dn?: number;
  readonly epoch: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly rev: number;
  readonly late: number;
  readonly aggregate: EncodedAggregate;
  readonly score: number | null;
  readonly anomaly: boolean;
  readonly expected: { readonly low: number; readonly high: number } | null;
  readonly incident: string | null;
}

export type IncidentPhase = 'open' | 'ongoing' | 'recovered';

export interface IncidentOutput {
  readonly id: string;
  /** Start of the window that caused this transition. */
  readonly windowMs: number;
  readonly phase: IncidentPhase;
  readonly openedMs: number;
  readonly closedMs: number | null;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly score: number;
  readonly observed: number;
  readonly expected: { readonly low: number; readonly high: number };
  readonly reason: string;
}

/** What one commit refuses of one stream record for one reason. */
export interface QuarantineOutput {
  readonly reason: string;
  readonly detail: string;
  readonly sequence: string;
  /** First of `subs`. */
  readonly sub: number;
  readonly arrivalMs: number;
  count: number;
  readonly subs: Span[];
  /** Whether the stream record holds user records of its own. */
  readonly aggregate?: true;
  /** Where the stream record's bytes are; set before the commit. */
  at?: BytesPlace;
  /** Only for a record that killed the process. */
  readonly attempt?: number;
  readonly lastSeenMs?: number;
}

/** What one commit owes the world. `shard` is `stream/shard` of the batch that made it. */
export interface Outbox {
  readonly version: number;
  readonly shard: string;
  /** Mark of all its records; null = they have several; absent = that of the shard. */
  readonly mark?: string | null;
  readonly rows: readonly RowOutput[];
  readonly incidents: readonly IncidentOutput[];
  readonly quarantine: readonly QuarantineOutput[];
}
