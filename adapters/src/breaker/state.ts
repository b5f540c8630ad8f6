/**
 * The circuit breaker of a sink as values: what may be done at a moment, and what comes next. All
 * containers share one, an item of the Control table; `ver` says which of two is newer.
 */
export interface BreakerState {
  /** `half-open`: `owner` is trying whether the sink is back, and nobody else may until `untilMs`. */
  readonly state: 'closed' | 'open' | 'half-open';
  /** Epoch milliseconds: nobody calls the sink before (open), or but `owner` (half-open). */
  readonly untilMs: number;
  /** How often it opened in a row: the pause doubles each time. */
  readonly fails: number;
  /** The container that wrote it. */
  readonly owner: string;
  readonly ver: number;
}

/** A sink that never failed has no item. */
export const CLOSED: BreakerState = { state: 'closed', untilMs: 0, fails: 0, owner: '', ver: 0 };

export const PAUSE_MS_FIRST = 10_000;
export const PAUSE_MS_MAX = 300_000;
/** Chance shortens a pause by up to this share of it: sinks that failed together are not tried together. */
const JITTER_SHARE = 0.2;

/** `claim`: the pause is over, or the time of whoever tried; the first to say so may try. */
export function permitAt({ state, untilMs }: BreakerState, nowMs: number): Permit {
  if (state === 'closed') return 'call';
  return nowMs < untilMs ? 'wait' : 'claim';
}

export type Permit = 'call' | 'claim' | 'wait';

/** @param random in [0, 1) */
export function opened(
  before: BreakerState,
  by: { readonly owner: string; readonly nowMs: number; readonly random: number },
): BreakerState {
  const fails = before.fails + 1;
  const pauseMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_FIRST * 2 ** before.fails);
  const untilMs = Math.ceil(by.nowMs + pauseMs * (1 - JITTER_SHARE * by.random));
  return { state: 'open', untilMs, fails, owner: by.owner, ver: before.ver + 1 };
}

export function claimed(
  { fails, ver }: BreakerState,
  by: { readonly owner: string; readonly nowMs: number; readonly leaseMs: number },
): BreakerState {
  const untilMs = Math.ceil(by.nowMs + by.leaseMs);
  return { state: 'half-open', untilMs, fails, owner: by.owner, ver: ver + 1 };
}

export function closed({ ver }: BreakerState, owner: string): BreakerState {
  return { ...CLOSED, owner, ver: ver + 1 };
}
