/** What Lambda gives a handler beside the event; the rest of it passes through. */
export interface TimedContext {
  getRemainingTimeInMillis(): number;
}

export interface RemainingTime {
  /**
   * For `deadline` of an adapter: milliseconds until `marginMs` before the time-out of the invocation
   * that runs; infinite when none does.
   */
  until(marginMs: number): () => number;
  /** The handler, with its calls held to the time of its invocation. */
  during<Event, Context extends TimedContext, Answer>(
    handler: (event: Event, context: Context) => Promise<Answer>,
  ): (event: Event, context: Context) => Promise<Answer>;
}

/** Left for the answer when nothing but the answer is left to do. */
export const ANSWER_MS = 500;

/**
 * The time of the invocation, for adapters that are made once, in the init phase. One holder for a
 * container is right: Lambda gives a container its next event only when it has answered the one before.
 * A call that an earlier invocation gave up and left behind reads the next one's time; its own limits end it.
 */
export function createRemainingTime(): RemainingTime {
  let current: TimedContext | null = null;
  return {
    until: (marginMs) => () =>
      current === null ? Number.POSITIVE_INFINITY : current.getRemainingTimeInMillis() - marginMs,
    during: (handler) => async (event, context) => {
      current = context;
      try {
        return await handler(event, context);
      } finally {
        // Only its own: a test may call two at once.
        if (current === context) current = null;
      }
    },
  };
}
