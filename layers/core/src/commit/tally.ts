/** What became of the measurements of a group or a batch, for logs and metrics. */
export interface Tally {
  applied: number;
  late: number;
  duplicate: number;
  /** Applied, with a key that pushed the oldest key of its window out. */
  dedupeOverflow: number;
  invalid: number;
  /** Of `invalid`: the state of their series cannot be decoded. */
  parked: number;
  redelivered: number;
  conflicts: number;
  commits: number;
  /** Commits that made a state: the series was not known, or forgotten. */
  newSeries: number;
  rows: number;
}

export function newTally(): Tally {
  return {
    applied: 0,
    late: 0,
    duplicate: 0,
    dedupeOverflow: 0,
    invalid: 0,
    parked: 0,
    redelivered: 0,
    conflicts: 0,
    commits: 0,
    newSeries: 0,
    rows: 0,
  };
}
