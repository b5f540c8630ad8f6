import type { Clock } from '@millrace/core/port';

export interface ManualClock {
  readonly clock: Clock;
  /** Every sleep that was asked for, in milliseconds; it is over at once. */
  readonly sleeps: readonly number[];
  pass(durationMs: number): void;
}

/** A clock that only sleeping and the tests move. */
export function createManualClock(startMs: number): ManualClock {
  let nowMs = startMs;
  const sleeps: number[] = [];
  const pass = (durationMs: number) => {
    nowMs += durationMs;
  };
  const sleep = async (durationMs: number) => {
    sleeps.push(durationMs);
    pass(durationMs);
  };
  return { clock: { nowMs: () => nowMs, sleep }, sleeps, pass };
}
