import { BugError, DeadlineError, MillraceError, UnavailableError } from '@millrace/core/error';
import { withoutValues } from '../without-values';
import { failureKindOf } from './failure';

/** Bounds of one call of a port, whatever the SDK and the network do. */
export interface CallLimits {
  /** Tries without any progress. */
  readonly attemptsMax: number;
  /** Longest wait for one answer, credentials included. */
  readonly attemptMsMax: number;
  /** Longest wait of the caller, pauses included. */
  readonly totalMsMax: number;
  /** Milliseconds the caller has left, for instance of a Lambda invocation. */
  readonly deadline?: () => number;
  readonly time?: CallTime;
}

/** Time and chance of the calls, so that tests can hold them. */
export interface CallTime {
  nowMs(): number;
  sleep(durationMs: number): Promise<void>;
  /** In [0, 1). */
  random(): number;
}

/** The limits, and never longer than the caller has. */
export function limitedBy(limits: CallLimits, deadline: CallLimits['deadline']): CallLimits {
  return deadline === undefined ? limits : { ...limits, deadline };
}

export interface CallName {
  /** Of the port or the service, for people: `PutItem`. */
  readonly operation: string;
  /** The table, bucket or stream. */
  readonly target: string;
  /** False when a second try of a call that may have landed does harm (a counter). */
  readonly repeatable?: boolean;
}

/** The service answered that nothing was done, without throwing: UnprocessedKeys and the like. */
export class RefusedError extends Error {
  override name = 'ThrottlingException';
}

export type Call = <Result>(attempt: (signal: AbortSignal) => Promise<Result>) => Promise<Result>;

/** 50, 100, 200 … milliseconds, each shortened by chance so that callers do not come back together. */
const PAUSE_MS_FIRST = 50;
const PAUSE_MS_MAX = 1000;
/** A retry with less time than this would only be cut off, and then it may have landed or not. */
const RETRY_MS_MIN = 50;

/**
 * Begins one call of a port. The answer runs attempts within the limits, which all attempts share;
 * it may be used several times (a batch that comes back in pieces), each time with fresh tries.
 * Throws `UnavailableError` naming operation and target when no try succeeded, `DeadlineError` when the
 * caller had no time for one, which says nothing of the service, `BugError` when the service calls the
 * request wrong; errors of our own vocabulary pass through.
 */
export function beginCall(name: CallName, limits: CallLimits): Call {
  const time = limits.time ?? HOST_TIME;
  const endsAtMs = time.nowMs() + limits.totalMsMax;
  const remainingMs = () =>
    Math.min(endsAtMs - time.nowMs(), limits.deadline?.() ?? Number.POSITIVE_INFINITY);

  return async function call(attempt) {
    for (let tries = 1; ; tries++) {
      const attemptMs = Math.min(limits.attemptMsMax, remainingMs());
      if (attemptMs <= 0) throw outOfTime(name, tries === 1 && (limits.deadline?.() ?? 1) <= 0);
      try {
        return await within(attemptMs, attempt);
      } catch (error) {
        const again = failureToRepeat(error, name);
        const ceilingMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_FIRST * 2 ** (tries - 1));
        const pauseMs = Math.ceil(ceilingMs * time.random());
        if (!again || tries >= limits.attemptsMax || pauseMs + RETRY_MS_MIN > remainingMs()) {
          throw unavailable(name, `${tries} ${tries === 1 ? 'try' : 'tries'} failed`, error);
        }
        await time.sleep(pauseMs);
      }
    }
  };
}

/** Whether another try may help; throws what is no failure of the service. */
function failureToRepeat(error: unknown, name: CallName): boolean {
  if (error instanceof MillraceError) throw error;
  switch (failureKindOf(error)) {
    case 'refused':
      return true;
    case 'unclear':
      return name.repeatable ?? true;
    case 'permanent':
      return false;
    case 'bug':
      throw new BugError(`${name.operation} on ${name.target} is refused: ${messageOf(error)}`, {
        cause: error,
      });
    case undefined:
      throw error;
  }
}

/** Also ends what does not listen to the signal: a chain of credential providers, a name server. */
async function within<Result>(
  durationMs: number,
  attempt: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new NoAnswerError(`no answer within ${Math.round(durationMs)} ms`));
      controller.abort();
    }, durationMs);
  });
  try {
    return await Promise.race([attempt(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

class NoAnswerError extends Error {
  override name = 'TimeoutError';
}

function outOfTime({ operation, target }: CallName, isUntried: boolean): MillraceError {
  const message = `${operation} on ${target}: no time is left for it`;
  return isUntried ? new DeadlineError(message) : new UnavailableError(message);
}

function unavailable(name: CallName, reason: string, cause?: unknown): UnavailableError {
  const detail = cause === undefined ? reason : `${reason}, the last with ${messageOf(cause)}`;
  return new UnavailableError(`${name.operation} on ${name.target}: ${detail}`, { cause });
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Several addresses of one host fail together, with an empty message.
  const code = (error as NodeJS.ErrnoException).code;
  const message = withoutValues(error.message) || code || 'no message';
  return `${error.name}: ${message}`;
}

const HOST_TIME: CallTime = {
  nowMs: () => performance.now(),
  sleep: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
  random: Math.random,
};
