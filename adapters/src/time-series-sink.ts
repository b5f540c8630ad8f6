/** A value of a row. `number` is a double, `integer` at most 2^53. */
export type Measure =
  | { readonly name: string; readonly kind: 'number' | 'integer'; readonly value: number }
  | { readonly name: string; readonly kind: 'time'; readonly value: number }
  | { readonly name: string; readonly kind: 'text'; readonly value: string }
  | { readonly name: string; readonly kind: 'flag'; readonly value: boolean };

/** One revision of one row of a time series. Of two revisions the higher `version` is kept. */
export interface SeriesRow {
  readonly dimensions: Readonly<Record<string, string>>;
  /** What the measures are about: with the dimensions and the time it names the row. */
  readonly name: string;
  /** Epoch milliseconds. */
  readonly timeMs: number;
  readonly version: number;
  readonly measures: readonly Measure[];
}

/** `done`: stored, or a newer revision already was. `refused`: this row never will be. */
export type RowOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: string };

export interface TimeSeriesSink {
  /**
   * Stores rows, any number, in any order, any number of times. Answers in the order of `rows`.
   * Throws `UnavailableError` when it is not known of all of them: write them again.
   */
  write(rows: readonly SeriesRow[]): Promise<readonly RowOutcome[]>;
}
