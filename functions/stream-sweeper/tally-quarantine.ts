import { evenBucket, quarantinePartitions } from '@millrace/core/fold/key';
import type { Clock, KeyValueStore } from '@millrace/core/port';
import { tallyExpired } from '@millrace/core/quarantine/tally';
import { quarantinedShards } from '@millrace/core/results/quarantine';

/** Pages that one run reads beside the first of each partition: the rest waits for another run. */
const PAGES_MAX = 100;
/** A run looks at one of so many listed shards: an entry waits for days before the table forgets it. */
const SHARDS_A_VISIT = 500;
/** Shards that one run looks at, however many are listed. */
const SHARDS_MAX = 20;

/**
 * Counts entries of the quarantine whose time is over, so that their counts live on without them. Which
 * shards a run looks at follows from the minute by a hash: nothing is written where nothing has expired,
 * and no rate of the schedule passes a shard over for good.
 */
export async function tallyQuarantine(
  { control, clock }: { readonly control?: KeyValueStore; readonly clock: Clock },
  hasTime: () => boolean,
): Promise<void> {
  if (control === undefined) return;
  const nowMs = clock.nowMs();
  const shards = await quarantinedShards(control);
  const visits = Math.min(SHARDS_MAX, Math.ceil(shards.length / SHARDS_A_VISIT));
  let pages = 0;
  for (let visit = 0; visit < visits; visit++) {
    const shard = shards[evenBucket(`${Math.floor(nowMs / 1000)} ${visit}`, shards.length)];
    if (shard === undefined) return;
    for (const pk of quarantinePartitions(shard)) {
      if (!hasTime() || pages >= PAGES_MAX) return;
      pages += (await tallyExpired(control, pk, { nowMs, pagesMax: PAGES_MAX - pages })) - 1;
    }
  }
}
