import type { KeyValueStore, Page, RangeQuery } from '@millrace/core/port';
import type { Quiet } from '@millrace/engine';

export interface DueWatch {
  /** The state table; every write must go through it. */
  readonly store: KeyValueStore;
  /** What the store would answer, without asking it when nothing can be due yet. */
  query(range: RangeQuery): Promise<Page>;
  /** Until when a sweep would find nothing due. */
  readonly quiet: Quiet;
}

const NOTHING: Page = { items: [] };

/**
 * Knows for each bucket of the index a moment before which nothing in it is due. A year on virtual time
 * has half a million sweeps of 16 queries each, and nearly all of them find nothing: what is known from
 * the writes need not be asked, and need not be swept for.
 */
export function watchDue(state: KeyValueStore): DueWatch {
  const nothingBeforeMs = new Map<string, number>();
  const watchers: (() => void)[] = [];
  let writes = 0;
  const lower = (bucket: string, dueMs: number) => {
    const knownMs = nothingBeforeMs.get(bucket) ?? Number.POSITIVE_INFINITY;
    if (dueMs >= knownMs) return;
    nothingBeforeMs.set(bucket, dueMs);
    for (const changed of watchers) changed();
  };
  // A write that its condition refuses only makes a moment earlier than it need be.
  const store: KeyValueStore = {
    ...state,
    put(item, condition) {
      writes++;
      if (typeof item.due === 'number') lower(String(item.dueBucket), item.due);
      return state.put(item, condition);
    },
    update(key, set, condition) {
      writes++;
      const { due } = set;
      // The bucket is not in the call: it may be any of them.
      if (typeof due === 'number') for (const name of nothingBeforeMs.keys()) lower(name, due);
      return state.update(key, set, condition);
    },
  };
  /** Raises the moment to the first entry there is. */
  const look = async (bucket: string) => {
    const before = writes;
    const { items } = await state.query({ pk: bucket, index: 'due', limit: 1 });
    const [first] = items;
    const dueMs = first === undefined ? Number.POSITIVE_INFINITY : Number(first.due);
    if (writes === before) nothingBeforeMs.set(bucket, dueMs);
  };
  return {
    store,
    quiet: {
      untilMs: () => Math.min(Number.POSITIVE_INFINITY, ...nothingBeforeMs.values()),
      watch: (changed) => watchers.push(changed),
    },
    async query(range) {
      const toMs = range.index === 'due' ? range.to : undefined;
      if (typeof toMs !== 'number') return state.query(range);
      if (toMs < (nothingBeforeMs.get(range.pk) ?? Number.POSITIVE_INFINITY)) return NOTHING;
      const page = await state.query(range);
      if (page.items.length === 0) await look(range.pk);
      return page;
    },
  };
}
