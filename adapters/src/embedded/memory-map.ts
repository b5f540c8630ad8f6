import { utf8Ordered } from '../utf8-order';
import type { OrderedMap, StoredValue } from './ordered-map';
import { createSortedKeys } from './sorted-keys';

/** An ordered map that ends with its process: for tests and for `millrace replay`. */
export function createMemoryMap(): OrderedMap {
  const values = new Map<string, StoredValue>();
  const sorted = createSortedKeys();
  let undo: (() => void)[] | undefined;

  function set(ordered: string, value: StoredValue | undefined): void {
    const old = values.get(ordered);
    undo?.push(() => set(ordered, old));
    if (value === undefined) {
      if (old !== undefined) sorted.remove(ordered);
      values.delete(ordered);
    } else {
      if (old === undefined) sorted.add(ordered);
      values.set(ordered, value);
    }
  }

  return {
    get: (key) => values.get(utf8Ordered(key)),
    put(key, value) {
      set(utf8Ordered(key), value);
    },
    remove(key) {
      const ordered = utf8Ordered(key);
      const held = values.has(ordered);
      if (held) set(ordered, undefined);
      return held;
    },
    *range({ from, before, reverse = false }) {
      const end = before === undefined ? undefined : utf8Ordered(before);
      for (const ordered of sorted.range(utf8Ordered(from), end, reverse)) {
        yield values.get(ordered)!;
      }
    },
    transaction(body) {
      const steps: (() => void)[] = [];
      undo = steps;
      try {
        return body();
      } catch (error) {
        undo = undefined;
        for (const step of steps.reverse()) step();
        throw error;
      } finally {
        undo = undefined;
      }
    },
    async close() {},
  };
}
