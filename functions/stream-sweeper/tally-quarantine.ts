import { answerTo } from '@millrace/core/error';
import { evenBucket, quarantinePartitions } from '@millrace/core/fold/key';
import type { Clock, KeyValueStore, Log } from '@millrace/core/port';
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
  ports: { readonly control?: KeyValueStore; readonly clock: Clock; readonly log: Log },
  hasTime: () => boolean,
): Promise<void> {
  const { control, clock } = ports;
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
      const pagesMax = PAGES_MAX - pages;
      pages += (await tallyOne(control, pk, { nowMs, pagesMax }, ports.log)) - 1;
    }
  }
}

/** A tally that cannot be read stops its own partition, and neither the others nor the sweeps. */
async function tallyOne(
  control: KeyValueStore,
  pk: string,
  bounds: { readonly nowMs: number; readonly pagesMax: number },
  log: Log,
): Promise<number> {
  try {
    return await tallyExpired(control, pk, bounds);
  } catch (error) {
    if (answerTo(error) === 'retry') throw error;
    const partition = pk.slice(pk.lastIndexOf('#') + 1);
    log.error('A tally of expired refusals cannot be read: its partition is not counted on.', {
      partition,
    });
    return 1;
  }
}
