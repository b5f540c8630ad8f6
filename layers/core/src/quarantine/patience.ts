import { DeadlineError, UnavailableError } from '../error';
import type { Clock, ObjectStore } from '../port';

/** A PUT of a refused record that takes longer is given up: its bytes have another place to go. */
export const PUT_MS_MAX = 3_000;
/** After a PUT that failed nothing is tried for so long: the healthy neighbours wait for none of them. */
export const AWAY_MS = 30_000;

/**
 * A bucket that is asked with little patience. Its `create` fails with `UnavailableError` after
 * `PUT_MS_MAX`, and at once while the bucket is taken to be away. A PUT that was given up may still
 * land: it is create-once, and the same bytes under the same key.
 */
export function withLittlePatience(objects: ObjectStore, clock: Clock): ObjectStore {
  let awayUntilMs = Number.NEGATIVE_INFINITY;
  return {
    async create(key, bytes, metadata) {
      if (clock.nowMs() < awayUntilMs)
        throw new UnavailableError('the bucket did not answer lately');
      try {
        return await Promise.race([objects.create(key, bytes, metadata), tooLate(clock)]);
      } catch (error) {
        // A fault of one object says nothing about the bucket.
        if (isAway(error)) awayUntilMs = clock.nowMs() + AWAY_MS;
        throw error;
      }
    },
    get: (key) => objects.get(key),
    list: (options) => objects.list(options),
    delete: (key) => objects.delete(key),
  };
}

function isAway(error: unknown): boolean {
  return error instanceof UnavailableError || error instanceof DeadlineError;
}

async function tooLate(clock: Clock): Promise<never> {
  await clock.sleep(PUT_MS_MAX);
  throw new UnavailableError(`the bucket did not answer within ${PUT_MS_MAX} ms`);
}
