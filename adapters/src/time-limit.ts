import { type Context, createContext, Script } from 'node:vm';
import { type TimeLimit, TimeLimitError } from '@millrace/core/record/time-limit';

/** What Node calls the error of a script that took too long. */
const TIMED_OUT = 'ERR_SCRIPT_EXECUTION_TIMEOUT';

/**
 * A time limit by `node:vm`, about 0.1 ms a run: a thread of Node watches the time and ends whatever runs
 * then, also functions of ours that the script has called, and no `catch` or `finally` in them runs.
 * https://nodejs.org/api/vm.html#scriptrunincontextcontextifiedobject-options
 * What waits for a promise is not covered: transforms are synchronous.
 */
export function createTimeLimit(): TimeLimit {
  const slot: { run: () => void } = { run: () => undefined };
  let script: Script | null = null;
  let context: Context | null = null;
  return {
    run<T>(work: () => T, limitMs: number): T {
      context ??= createContext(slot);
      script ??= new Script('run()');
      let outcome: { readonly value: T } | { readonly error: unknown } | null = null;
      // An error of the work's own is carried around the script, or it could be taken for a time-out.
      slot.run = () => {
        try {
          outcome = { value: work() };
        } catch (error) {
          outcome = { error };
        }
      };
      try {
        script.runInContext(context, { timeout: Math.max(1, Math.floor(limitMs)) });
      } catch (error) {
        if ((error as { code?: unknown }).code !== TIMED_OUT) throw error;
        throw new TimeLimitError(`not over within ${limitMs} ms`);
      } finally {
        slot.run = () => undefined;
      }
      return answerOf(outcome);
    },
    nowMs: () => performance.now(),
  };
}

function answerOf<T>(outcome: { readonly value: T } | { readonly error: unknown } | null): T {
  if (outcome === null) throw new TimeLimitError('ended without an outcome');
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}
