import type { Item, KeyValueStore } from '@millrace/core/port';
import { scanAll } from '@millrace/core/results/pages';
import type { Scheduler } from '@millrace/engine';
import type { Ledger } from '@millrace/engine/fault/ledger';
import { type FaultPlan, faultsOf, type Range, type StateFault } from '@millrace/engine/fault/plan';

/** A schema version that no code of today knows. */
const NEWER_VERSION = 1_000;
/** How often it is looked what DynamoDB's time to live has removed since. */
const EXPIRY_STEP_MS = 3_600_000;

/** Sums of the counters of removed states, which no table holds any more. */
export type RemovedCounters = number[];

/** What went with the states that a fault removed. */
export interface Removed {
  readonly counters: RemovedCounters;
  /** Ids of incidents that were open in them: nothing will ever close those. */
  readonly incidents: Set<string>;
}

export interface StateFaultOptions {
  readonly plan: FaultPlan;
  readonly scheduler: Scheduler;
  readonly ledger: Ledger;
  /** The table itself, below all faults. */
  readonly state: KeyValueStore;
  readonly spanMs: readonly [first: number, last: number];
  readonly removed: Removed;
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
  const [expiry] = faultsOf(plan, 'expire-state');
  if (expiry === undefined) return;
  const planned = new Map<string, Removal>();
  for (let atMs = spanMs[0]; atMs <= spanMs[1]; atMs += EXPIRY_STEP_MS) {
    scheduler.at(atMs, () => expire(options, expiry, planned));
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

/** When one life of an item ends for good; Infinity = never in this run. */
interface Removal {
  readonly atMs: number;
  happened(): void;
}

/**
 * DynamoDB removes an expired item within days, and not at all if it is written before: until then it
 * is read as if nothing were the matter. Each life of an item has its own dice.
 */
async function expire(
  { state, scheduler, ledger, removed }: StateFaultOptions,
  { rate = 1, lateMs = [0, 0] }: Extract<StateFault, { kind: 'expire-state' }>,
  planned: Map<string, Removal>,
) {
  await scheduler.hold(async () => {
    for (const item of await all(state)) {
      const { pk, sk, ttl, body } = item;
      if (typeof ttl !== 'number' || ttl * 1000 >= scheduler.nowMs) continue;
      const life = `${pk} ${sk} ${ttl}`;
      const removal = planned.get(life) ?? planRemoval(ledger, life, ttl * 1000, { rate, lateMs });
      planned.set(life, removal);
      if (removal.atMs >= scheduler.nowMs) continue;
      removal.happened();
      const { c, i } = JSON.parse(String(body)) as { c: number[]; i?: { id: string } | null };
      for (const [at, count] of c.entries()) {
        removed.counters[at] = (removed.counters[at] ?? 0) + count;
      }
      if (i) removed.incidents.add(i.id);
      await state.delete({ pk, sk });
    }
  });
}

function planRemoval(
  ledger: Ledger,
  life: string,
  expiredMs: number,
  { rate, lateMs }: { readonly rate: number; readonly lateMs: Range },
): Removal {
  const strike = ledger.strike('expire-state', life, rate);
  if (strike === null) return { atMs: Number.POSITIVE_INFINITY, happened: () => undefined };
  return { atMs: expiredMs + strike.dice.between(lateMs), happened: strike.happened };
}

async function all(state: KeyValueStore): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of scanAll(state)) items.push(item);
  return items;
}
