import { DUE_BUCKETS, dueBucket, tickableAtMs } from '@millrace/core/fold/codec';
import { TICK_MARGIN_MS } from '@millrace/core/fold/tick';
import type {
  Clock,
  Item,
  Key,
  KeyValueStore,
  Log,
  StreamEntry,
  StreamWriter,
} from '@millrace/core/port';
import { putTakeable } from '@millrace/core/put-takeable';
import { tallyQuarantine } from './tally-quarantine';
import { isTickable, tickEntry } from './tick-entry';

export interface StreamSweeperPorts {
  readonly state: KeyValueStore;
  /** Where the quarantine has its index; absent = its entries never expire. */
  readonly control?: KeyValueStore;
  readonly stream: StreamWriter;
  readonly clock: Clock;
  readonly log: Log;
}

type Total = { -readonly [Name in keyof SweepResult]: number };

/** Series looked at per page; a page is ticked and moved on before the next is read. */
const PAGE_ITEMS = 100;
/** Pages of one bucket in one run: the rest waits a minute, oldest first. */
const PAGES_MAX = 100;
/** Stop early enough to return before the time-out. */
const MARGIN_MS = 5_000;
/** An item that does not say when its series is due is looked at again after an hour. */
const SPOILT_MS = 3_600_000;

export interface SweepResult {
  readonly ticks: number;
  readonly moved: number;
  /** Ticks that the stream takes under no circumstances. */
  readonly refused: number;
  /** States that do not say when a tick could close anything. */
  readonly undecodable: number;
}

/**
 * Finds series that fell silent with windows whose time is over, and puts a tick into the stream
 * under the series' own partition key. The tick does the closing, in order with the data; the sweeper
 * writes no window.
 */
export function createStreamSweeper(ports: StreamSweeperPorts) {
  return async (
    _event: unknown,
    context: { getRemainingTimeInMillis(): number },
  ): Promise<SweepResult> => {
    const total = { ticks: 0, moved: 0, refused: 0, undecodable: 0 };
    const hasTime = () => context.getRemainingTimeInMillis() > MARGIN_MS;
    const buckets = Array.from({ length: DUE_BUCKETS }, (_, bucket) => dueBucket(bucket));
    const swept = await Promise.allSettled([
      ...buckets.map((bucket) => sweepBucket(ports, bucket, total, hasTime)),
      tallyQuarantine(ports, hasTime),
    ]);
    // One throttled bucket must not cut the others off in the middle; the failure is still one.
    const failed = swept.find((bucket) => bucket.status === 'rejected');
    if (total.refused > 0) {
      ports.log.warn('The stream takes no tick of some series: their windows stay open.', {
        refused: total.refused,
      });
    }
    if (total.undecodable > 0) {
      ports.log.error('States cannot be decoded: their series get no ticks.', {
        states: total.undecodable,
      });
    }
    if (failed !== undefined) throw failed.reason;
    if (total.ticks > 0) ports.log.info('Ticked idle series.', { ...total });
    return total;
  };
}

async function sweepBucket(
  ports: StreamSweeperPorts,
  bucket: string,
  total: Total,
  hasTime: () => boolean,
): Promise<void> {
  let after: string | undefined;
  for (let pages = 0; pages < PAGES_MAX && hasTime(); pages++) {
    const nowMs = ports.clock.nowMs();
    const page = await ports.state.query({
      pk: bucket,
      index: 'due',
      to: nowMs,
      limit: PAGE_ITEMS,
      ...(after === undefined ? {} : { after }),
    });
    const keys: Key[] = page.items.map(({ pk, sk }) => ({ pk, sk }));
    if (keys.length > 0) await sweepPage(ports, await ports.state.getMany(keys), nowMs, total);
    after = page.next;
    if (after === undefined) return;
  }
}

/**
 * Ticks first, then moves the `due` entries forward, on condition that nobody else has: a stalled
 * consumer is not ticked every minute, and a crash in between costs one more tick, which does nothing.
 */
async function sweepPage(
  ports: StreamSweeperPorts,
  items: readonly (Item | undefined)[],
  nowMs: number,
  total: Total,
): Promise<void> {
  const ticks: StreamEntry[] = [];
  const moves: { item: Item; dueMs: number }[] = [];
  for (const item of items) {
    if (item === undefined || item.due === undefined) continue;
    const tickableMs = tickableAtMs(item);
    const dueMs = tickableMs <= nowMs ? nowMs + Number(item.idleMs) + TICK_MARGIN_MS : tickableMs;
    const isWhole = Number.isSafeInteger(item.due) && Number.isSafeInteger(dueMs);
    if (!isWhole || !isTickable(item)) {
      // Spoilt: it must neither stop the others nor stand before them at every sweep.
      moves.push({ item, dueMs: Math.floor(nowMs) + SPOILT_MS });
      total.undecodable++;
      continue;
    }
    if (tickableMs <= nowMs) ticks.push(tickEntry(item));
    moves.push({ item, dueMs });
  }
  const refused = await putTakeable(ports.stream, ticks);
  total.ticks += ticks.length - refused.length;
  total.refused += refused.length;
  total.moved += moves.length;
  await Promise.all(
    moves.map(({ item: { pk, sk, due }, dueMs }) =>
      ports.state.update(
        { pk, sk },
        { due: dueMs },
        { kind: 'equals', attribute: 'due', value: due as number },
      ),
    ),
  );
}
