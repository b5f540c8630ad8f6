/** JSON state of one series' detector; every implementation puts its version first. */
export type EncodedDetector = readonly (number | string | null | readonly number[])[];

/** One published window (rev 1). Windows come in order of their start; gaps have no point. */
export interface Point {
  readonly startMs: number;
  readonly endMs: number;
  readonly value: number;
}

/** What a detector thinks of one point, before it learnt from it. */
export interface Verdict {
  /** In [0, 1]; null while the detector is still learning what is normal. */
  readonly score: number | null;
  readonly anomaly: boolean;
  /** Low enough that an open incident may close (hysteresis: below the threshold for `anomaly`). */
  readonly calm: boolean;
  /** The band in which the value was expected; null while learning. */
  readonly expected: { readonly low: number; readonly high: number } | null;
  readonly severity: 'info' | 'warning' | 'critical';
  /** English, for a person: which statistic, and by how much. */
  readonly reason: string;
}

/**
 * Learns one series online. Pure: `step` answers a verdict and the next state, and neither depends on
 * anything but its arguments. State is at most 512 bytes of JSON to live inside the series state.
 * A non-finite value must not occur: the fold refuses it before.
 */
export interface Detector {
  readonly name: string;
  /** Raised when old state cannot be read as it is; `decode` upgrades older states or starts anew. */
  readonly version: number;
  /** Whether `step` can go on from a stored state: nothing that it answers would be no number. */
  accepts(state: EncodedDetector): boolean;
  step(
    state: EncodedDetector | null,
    point: Point,
  ): { readonly verdict: Verdict; readonly state: EncodedDetector };
}
