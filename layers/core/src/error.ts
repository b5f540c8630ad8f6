/**
 * The one vocabulary of failures. Every leaf answers a single question: what does the consumer do now?
 *
 * - `retry`: infrastructure failed. Report the first uncommitted sequence number; never throw out of
 *   the handler, or bisect shreds a healthy batch into singles.
 * - `quarantine`: the input is at fault, for ever. Keep its bytes, its reason and its position; go on.
 * - `crash`: a bug, or state that newer code wrote. Stop that key loudly, overwrite nothing.
 */
export type ErrorAnswer = 'retry' | 'quarantine' | 'crash';

export abstract class MillraceError extends Error {
  abstract readonly answer: ErrorAnswer;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A dependency did not answer, throttled, or ran out of tries. Thrown by adapters. */
export class UnavailableError extends MillraceError {
  readonly answer = 'retry';
}

/** Another writer kept winning the version condition of one key. Thrown by the commit. */
export class ConflictError extends MillraceError {
  readonly answer = 'retry';
}

/** The invocation is about to time out; what is left goes back to the event source. */
export class DeadlineError extends MillraceError {
  readonly answer = 'retry';
}

/** This measurement can never be folded (non-finite result, user code threw). Thrown by the fold. */
export class PoisonError extends MillraceError {
  readonly answer = 'quarantine';
}

/** Stored state has a schema version this code does not know, after a rollback. Never overwritten. */
export class NewerStateError extends MillraceError {
  readonly answer = 'crash';
}

/**
 * A stored state that no code has written like this. Its series' records are parked in the quarantine, and
 * the item is never overwritten: a person may repair it.
 */
export class UndecodableStateError extends MillraceError {
  readonly answer = 'quarantine';
}

/** State that a newer definition of the metric wrote: ours is the code of a deployment that is going. */
export class NewerDefinitionError extends MillraceError {
  readonly answer = 'retry';
}

/** A broken promise between our own parts. Thrown by assertions. */
export class BugError extends MillraceError {
  readonly answer = 'crash';
}

/** What to do about anything that was thrown. An unknown error is a bug until proven otherwise. */
export function answerTo(error: unknown): ErrorAnswer {
  return error instanceof MillraceError ? error.answer : 'crash';
}
