import { answerTo, BugError, DeadlineError, UnavailableError } from '@millrace/core/error';
import type { Clock, Item, Key, KeyValueStore } from '@millrace/core/port';
import { type BreakerState, CLOSED, claimed, closed, opened, permitAt } from './state';

export interface BreakerOptions {
  /** `timestream`: the item is `CB#timestream`, sort key `-`, of the Control table. */
  readonly sink: string;
  readonly control: KeyValueStore;
  readonly clock: Clock;
  /** Of this container, and of no other. */
  readonly owner: string;
  /** In [0, 1). */
  readonly random: () => number;
  /** Once for each change that this container made. */
  readonly onChange?: (state: BreakerState) => void;
  /** Each time a call is not made. */
  readonly onRefused?: () => void;
}

export interface Breaker {
  /**
   * Before work that is for a call only.
   * @throws BreakerOpenError when the call would not be made now
   */
  check(): Promise<void>;
  /**
   * Makes one call of the sink, of a container one at a time, when the breaker lets it: any while it is closed, one at a time in all
   * containers when a pause is over.
   * @param leaseMs the call has certainly ended by then, if only because the process was stopped
   * @throws BreakerOpenError when it was not made, UnavailableError when that cannot be known, and
   *   what the call throws
   */
  call<Result>(work: () => Promise<Result>, leaseMs: number): Promise<Result>;
}

/** The sink was not called: it failed, and its pause is not over. */
export class BreakerOpenError extends UnavailableError {
  readonly waitMs: number;

  constructor(sink: string, waitMs: number) {
    super(`the circuit breaker of ${sink} is open for ${Math.ceil(waitMs / 1000)} s more`);
    this.waitMs = waitMs;
  }
}

/** In a row, in one container, each with all the tries of the adapter. */
export const FAILURES_MAX = 5;
/**
 * A container believes what it read for so long: one read for several invocations of a busy one, and
 * so long a healthy one may go on when another has opened the breaker.
 */
export const BELIEVED_MS = 5_000;
/** Clocks of containers are this much apart at most. */
const CLOCK_SKEW_MS = 1_000;

/**
 * A circuit breaker that containers share through one item, written only when it changes: every write is
 * conditional on the version it follows, so of two only one counts. An outage costs the sink one call
 * a pause, and a table that cannot be read lets nothing through.
 */
export function createBreaker(options: BreakerOptions): Breaker {
  const { sink, control, clock, owner, random, onChange, onRefused } = options;
  const key: Key = { pk: `CB#${sink}`, sk: '-' };
  let known: { readonly state: BreakerState; readonly readAtMs: number } | null = null;
  let failures = 0;

  function learn(state: BreakerState, readAtMs: number): BreakerState {
    // The sink was away and came back, or is tried by another: ours are no longer in a row.
    if (known !== null && known.state.ver !== state.ver) failures = 0;
    known = { state, readAtMs };
    return state;
  }

  async function read(): Promise<BreakerState> {
    const readAtMs = clock.nowMs();
    known = known && { ...known, readAtMs: Number.NEGATIVE_INFINITY };
    const [item] = await control.getMany([key]);
    return learn(item === undefined ? CLOSED : stateOf(item), readAtMs);
  }

  async function current(): Promise<BreakerState> {
    const isFresh = known !== null && clock.nowMs() - known.readAtMs < BELIEVED_MS;
    return isFresh && known !== null ? known.state : read();
  }

  /** Whether `next` is the state now. A conflict may be with our own write whose answer got lost. */
  async function change(from: BreakerState, next: BreakerState): Promise<boolean> {
    const condition =
      from.ver === 0
        ? ({ kind: 'absent' } as const)
        : ({ kind: 'equals', attribute: 'ver', value: from.ver } as const);
    const startedMs = clock.nowMs();
    // Until the answer is here nothing is known: a write that fails may land.
    known = known && { ...known, readAtMs: Number.NEGATIVE_INFINITY };
    if ((await control.update(key, { ...next }, condition)) === 'written') learn(next, startedMs);
    else if (!isSame(await read(), next)) return false;
    onChange?.(next);
    return true;
  }

  function refuse(state: BreakerState): never {
    onRefused?.();
    throw new BreakerOpenError(sink, Math.max(0, state.untilMs - clock.nowMs()));
  }

  /**
   * Whether the lease is its own, and its try has not failed: what closes the breaker got lost, or there was no
   * time to try. That try is over, as Lambda hands a container its next event when it has answered the one
   * before, and handlers await each call; a process that timed out is followed by another owner. Who goes on
   * takes a new lease on the condition that this one stands, so still nobody else calls.
   */
  function mayGoOn(state: BreakerState): boolean {
    return state.state === 'half-open' && state.owner === owner && failures === 0;
  }

  async function check(): Promise<BreakerState> {
    const state = await current();
    if (mayGoOn(state)) return state;
    return permitAt(state, clock.nowMs()) === 'wait' ? refuse(state) : state;
  }

  /** The state under which the call is made. */
  async function admit(leaseMs: number): Promise<BreakerState> {
    const state = await check();
    if (state.state === 'closed') return state;
    const lease = { owner, nowMs: clock.nowMs(), leaseMs: leaseMs + CLOCK_SKEW_MS };
    const next = claimed(state, lease);
    if (await change(state, next)) return next;
    // Another was first; perhaps it has found the sink back already.
    const other = await current();
    return other.state === 'closed' ? other : refuse(other);
  }

  /** A change that is not made is made by a later call, or by whoever tries the sink next. */
  async function tryChange(from: BreakerState, next: BreakerState): Promise<void> {
    await change(from, next).catch((error: unknown) => {
      if (answerTo(error) !== 'retry') throw error;
    });
  }

  async function failed(state: BreakerState): Promise<void> {
    failures += 1;
    const isProbe = state.state === 'half-open';
    if (!isProbe && failures < FAILURES_MAX) return;
    await tryChange(state, opened(state, { owner, nowMs: clock.nowMs(), random: random() }));
  }

  async function succeeded(state: BreakerState): Promise<void> {
    failures = 0;
    if (state.state === 'half-open') await tryChange(state, closed(state, owner));
  }

  return {
    check: async () => void (await check()),

    async call(work, leaseMs) {
      const state = await admit(leaseMs);
      const outcome = await settle(work);
      if ('result' in outcome) {
        await succeeded(state);
        return outcome.result;
      }
      const { error } = outcome;
      // Without time nothing is learnt of the sink; the lease of a try ends with the invocation.
      if (error instanceof DeadlineError) throw error;
      // Whoever refuses is there.
      await (answerTo(error) === 'retry' ? failed(state) : succeeded(state));
      throw error;
    },
  };
}

/** The longest wait before a batch is handed back. */
const WAIT_MS_MAX = 5_000;
/** Left of the invocation when the wait is over. */
const REST_MS = 2_000;

/**
 * Waits a while when `error` says that a breaker is open: an event source comes back at once with what
 * it is handed, and would do so for as long as the pause takes.
 */
export async function waitWhileOpen(
  error: unknown,
  clock: Clock,
  context: { getRemainingTimeInMillis(): number },
): Promise<void> {
  if (!(error instanceof BreakerOpenError)) return;
  const leftMs = context.getRemainingTimeInMillis() - REST_MS;
  const waitMs = Math.min(WAIT_MS_MAX, error.waitMs, leftMs);
  if (waitMs > 0) await clock.sleep(waitMs);
}

type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

async function settle<Result>(work: () => Promise<Result>): Promise<Outcome<Result>> {
  try {
    return { result: await work() };
  } catch (error) {
    return { error };
  }
}

function isSame(a: BreakerState, b: BreakerState): boolean {
  return a.ver === b.ver && a.owner === b.owner && a.state === b.state && a.untilMs === b.untilMs;
}

const STATES: readonly BreakerState['state'][] = ['closed', 'open', 'half-open'];

/** @throws BugError when it is no state of ours: a slip of an operator must not open or close anything */
function stateOf({ pk, state, untilMs, fails, owner, ver }: Item): BreakerState {
  const named = STATES.find((each) => each === state);
  const numbers = [untilMs, fails, ver];
  if (named === undefined || !numbers.every(Number.isSafeInteger)) {
    throw new BugError(`the item ${pk} is no state of a circuit breaker`);
  }
  return {
    state: named,
    untilMs: Number(untilMs),
    fails: Number(fails),
    owner: String(owner),
    ver: Number(ver),
  };
}
