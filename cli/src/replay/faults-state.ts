import type { Item, KeyValueStore } from '@millrace/core/port';
import { scanAll } from '@millrace/core/results/read';
import type { Scheduler } from '@millrace/engine';
import type { Ledger } from '@millrace/engine/fault/ledger';
import { type FaultPlan, faultsOf } from '@millrace/engine/fault/plan';

/** A schema version that no code of today knows. */
const NEWER_VERSION = 1_000;
/** DynamoDB removes expired items within days; here at the first look. */
const EXPIRY_STEP_MS = 3_600_000;

/** Sums of the counters of removed states, which no table holds any more. */
export type RemovedCounters = number[];

export interface StateFaultOptions {
  readonly plan: FaultPlan;
  readonly scheduler: Scheduler;
  readonly ledger: Ledger;
  /** The table itself, below all faults. */
  readonly state: KeyValueStore;
  readonly spanMs: readonly [first: number, last: number];
  readonly removed: RemovedCounters;
}

/** Plans what happens to stored states beside the handlers: newer code, time to live. */
export function scheduleStateFaults(options: StateFaultOptions): void {
  const { plan, spanMs, scheduler, ledger } = options;
  for (const { times, forMs } of faultsOf(plan, 'newer-state')) {
    for (let nth = 0; nth < times; nth += 1) {
      const strike = ledger.strike('newer-state', String(nth), 1);
      if (strike === null) continue;
      const atMs = spanMs[0] + strike.dice.int(spanMs[1] - spanMs[0] + 1);
      ledger.busyUntil(atMs + forMs);
      scheduler.at(atMs, () => upgrade(options, strike.happened));
      scheduler.at(atMs + forMs, () => downgrade(options));
    }
  }
  if (faultsOf(plan, 'expire-state').length === 0) return;
  for (let atMs = spanMs[0]; atMs <= spanMs[1]; atMs += EXPIRY_STEP_MS) {
    scheduler.at(atMs, () => expire(options));
  }
}

/** Newer code commits: it keeps what it finds and raises the versions. */
async function upgrade({ state, scheduler }: StateFaultOptions, happened: () => void) {
  await scheduler.hold(async () => {
    const items = await all(state);
    if (items.length > 0) happened();
    for (const item of items) {
      const { v, ver } = item as Item & { v: number; ver: number };
      if (v < NEWER_VERSION) await state.put({ ...item, v: v + NEWER_VERSION, ver: ver + 1 });
    }
  });
}

/** The roll-back is rolled forward, and the code of the test learns to read it. */
async function downgrade({ state, scheduler }: StateFaultOptions) {
  await scheduler.hold(async () => {
    for (const item of await all(state)) {
      const { v, ver } = item as Item & { v: number; ver: number };
      if (v >= NEWER_VERSION) await state.put({ ...item, v: v - NEWER_VERSION, ver: ver + 1 });
    }
  });
}

async function expire({ state, scheduler, ledger, removed }: StateFaultOptions) {
  await scheduler.hold(async () => {
    for (const item of await all(state)) {
      if (typeof item.ttl !== 'number' || item.ttl * 1000 >= scheduler.nowMs) continue;
      if (ledger.strikeNow('expire-state', `${item.pk} ${item.sk}`, 1) === null) continue;
      const { c } = JSON.parse(String(item.body)) as { c: number[] };
      for (const [at, count] of c.entries()) removed[at] = (removed[at] ?? 0) + count;
      await state.delete({ pk: item.pk, sk: item.sk });
    }
  });
}

async function all(state: KeyValueStore): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of scanAll(state)) items.push(item);
  return items;
}
