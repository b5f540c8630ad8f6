import { escapePart } from '@millrace/core/fold/key';
import type { Key, KeyValueStore } from '@millrace/core/port';

/**
 * Counts how often a record was about to be processed alone. A record that kills the process (out of
 * memory, time-out) leaves its count behind; one that merely failed has it deleted, or the first outage
 * would quarantine healthy records. Bisect has cut the batch to one record by the time this matters,
 * so only batches of one pay for it.
 */
export interface Attempts {
  readonly count: number;
  readonly forget: () => Promise<void>;
}

/** Above this many the record is decoded and each of its measurements quarantined unfolded. */
export const ATTEMPTS_MAX = 3;
/** Above this many not even decoding is tried again: the record is quarantined as a whole. */
export const DECODE_ATTEMPTS_MAX = 6;
/** From the record's arrival: a stream keeps it for 365 days at the most, and 30 are ample for retries. */
const KEPT_SECONDS = (365 + 30) * 24 * 3600;
/** A count left behind counts as a death: three in a row would refuse a healthy record in a storm of throttles. */
const DELETE_TRIES_MAX = 4;

export async function countAttempt(
  control: KeyValueStore,
  record: { stream: string; shard: string; sequence: string; arrivalMs: number },
): Promise<Attempts> {
  const key: Key = {
    pk: `N#${escapePart(record.stream)}#${escapePart(record.shard)}`,
    sk: record.sequence,
  };
  const ttl = Math.floor(record.arrivalMs / 1000) + KEPT_SECONDS;
  const forget = () => deleteFirmly(control, key);
  try {
    return { count: await control.increment(key, 'attempts', 1, { ttl }), forget };
  } catch (error) {
    // It may have landed and only its answer got lost: that is no death either.
    await forget().catch(() => undefined);
    throw error;
  }
}

async function deleteFirmly(control: KeyValueStore, key: Key): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await control.delete(key);
    } catch (error) {
      if (tries === DELETE_TRIES_MAX) throw error;
    }
  }
}
