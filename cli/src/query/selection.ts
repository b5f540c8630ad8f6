/** What a query asks for. Times in epoch milliseconds. */
export interface Selection {
  readonly metric: string | null;
  readonly series: string | null;
  /** Windows that start at it or later. */
  readonly fromMs: number | null;
  /** Windows that start before it. */
  readonly toMs: number | null;
}
