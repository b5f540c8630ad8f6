/** Ends code of a user that does not end by itself. Adapters implement it. */
export interface TimeLimit {
  /**
   * Answers what `work` answers, and throws what it throws.
   * @throws TimeLimitError when `work` was not over within `limitMs`: it was stopped then, wherever it was
   */
  run<T>(work: () => T, limitMs: number): T;
  /** A clock that only runs forward, in milliseconds. */
  nowMs(): number;
}

export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';
}

/**
 * All transforms of a whole batch, together with what is read from their outputs. Beyond it the batch is
 * done again with each record under a limit of its own: which record took the time is not known before.
 */
export const TRANSFORMS_BATCH_MS_MAX = 3_000;

/**
 * All transforms of one stream record. A collection of garbage, a cold start and a slow CPU stay far
 * below it; a record that needs more is refused, and costs its lane this much.
 */
export const TRANSFORMS_RECORD_MS_MAX = 500;
