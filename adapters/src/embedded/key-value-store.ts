import { BugError } from '@millrace/core/error';
import type { Attribute, Condition, Item, Key, KeyValueStore, Page } from '@millrace/core/port';
import {
  checkDistinct,
  checkedAttributeBytes,
  checkedItemBytes,
  checkKey,
  itemBytes,
} from '../table-item';
import { holds } from './condition';
import { createMeter, type Meter } from './meter';
import type { KeyRange, OrderedMap } from './ordered-map';
import { createTableKeys, type IndexDefinition, justAfter, projectedToKeys } from './table-keys';

export interface EmbeddedTable {
  readonly map: OrderedMap;
  /** Several tables share one map. */
  readonly table: string;
  /** By index name. Indexes are sparse and give back keys only (KEYS_ONLY). */
  readonly indexes?: Readonly<Record<string, IndexDefinition>>;
  /** Told of every write when it is done, in their order: what feeds a table's stream. */
  readonly onChange?: (change: ItemChange) => void;
}

export interface ItemChange {
  readonly old: Item | undefined;
  readonly next: Item | undefined;
}

export interface EmbeddedStore extends KeyValueStore {
  readonly meter: Meter;
}

/** DynamoDB ends a page here, so a caller that ignores `next` must fail on a laptop too. */
const PAGE_BYTES_MAX = 1_048_576;

/**
 * One table over an ordered map, with DynamoDB's rules: conditions, sizes, sparse indexes, pages.
 * Every method has completed when its promise is made. Throws `BugError` for what DynamoDB refuses.
 */
export function createKeyValueStore({
  map,
  table,
  indexes = {},
  onChange,
}: EmbeddedTable): EmbeddedStore {
  const keys = createTableKeys(table);
  const meter = createMeter();
  const definitions = Object.entries(indexes);

  function read(key: Key): Item | undefined {
    return map.get(keys.item(key)) as Item | undefined;
  }

  function sizeOf(item: Item | undefined): number {
    return item === undefined ? 0 : itemBytes(item);
  }

  function moveIndexEntries(old: Item | undefined, next: Item | undefined): void {
    for (const [name, definition] of definitions) {
      const from = old && keys.entry(name, definition, old);
      const to = next && keys.entry(name, definition, next);
      if (from === to) continue;
      if (from !== undefined) {
        map.remove(from);
        meter.wrote(sizeOf(projectedToKeys(old!, definition)));
      }
      if (to !== undefined) {
        const entry = projectedToKeys(next!, definition);
        map.put(to, Object.freeze(entry));
        meter.wrote(sizeOf(entry));
      }
    }
  }

  /** One read, decision and write; `decide` answers undefined when the condition fails. */
  function change(
    key: Key,
    condition: Condition | undefined,
    decide: (old: Item | undefined) => Item,
  ): Item | undefined {
    const changed = map.transaction(() => {
      const old = read(key);
      const next = held(decide(old));
      // DynamoDB bills the larger of the two, also when the condition fails.
      const bytes = Math.max(sizeOf(old), checkedItemBytes(next));
      const allowed = holds(condition, old);
      if (allowed) {
        map.put(keys.item(key), next);
        moveIndexEntries(old, next);
      }
      meter.wrote(bytes);
      return allowed ? { old, next } : undefined;
    });
    if (changed !== undefined) onChange?.(changed);
    return changed?.next;
  }

  function page(within: KeyRange, options: PageOptions): Page {
    const { after, reverse = false, limit = Number.POSITIVE_INFINITY } = options;
    if (!(limit >= 1)) throw new BugError(`a page of ${limit} items`);
    const items: Item[] = [];
    let bytes = 0;
    let next: string | undefined;
    for (const value of map.range({ ...continued(within, after, reverse), reverse })) {
      const item = value as Item;
      if (items.length >= limit || bytes >= PAGE_BYTES_MAX) {
        next = options.keyOf(items[items.length - 1]!);
        break;
      }
      items.push(item);
      bytes += sizeOf(item);
    }
    meter.read(bytes, options.consistency);
    return next === undefined ? { items } : { items, next };
  }

  return {
    meter,

    async getMany(wanted) {
      meter.called('getMany');
      checkDistinct(wanted);
      return wanted.map((key) => {
        const item = read(key);
        meter.read(sizeOf(item), 'strong');
        return item;
      });
    },

    async put(item, condition) {
      meter.called('put');
      checkKey(item);
      return change(item, condition, () => item) ? 'written' : 'conflict';
    },

    async update(key, set, condition) {
      meter.called('update');
      checkKey(key);
      return change(key, condition, (old) => merged(key, old, set)) ? 'written' : 'conflict';
    },

    async increment(key, attribute, by, set = {}) {
      meter.called('increment');
      checkKey(key);
      if (attribute in set) throw new BugError(`${attribute} is both set and incremented`);
      const next = change(key, undefined, (old) => {
        const from = old?.[attribute] ?? 0;
        if (typeof from !== 'number') throw new BugError(`${attribute} holds no number`);
        return merged(key, old, { ...set, [attribute]: from + by });
      });
      return next![attribute] as number;
    },

    async delete(key) {
      meter.called('delete');
      checkKey(key);
      const removed = map.transaction(() => {
        const old = read(key);
        meter.wrote(sizeOf(old));
        if (old === undefined) return undefined;
        map.remove(keys.item(key));
        moveIndexEntries(old, undefined);
        return old;
      });
      if (removed !== undefined) onChange?.({ old: removed, next: undefined });
    },

    async query({ index, reverse = false, limit, after, ...range }) {
      meter.called('query');
      const options = { reverse, limit, after };
      if (index === undefined) {
        const within = keys.itemRange(range);
        return page(within, { ...options, keyOf: keys.item, consistency: 'strong' });
      }
      const definition = indexes[index];
      if (definition === undefined) throw new BugError(`table ${table} has no index ${index}`);
      const keyOf = (item: Item) => keys.entry(index, definition, item)!;
      const within = keys.entryRange(index, range);
      return page(within, { ...options, keyOf, consistency: 'eventual' });
    },

    async scan({ after, limit } = {}) {
      meter.called('scan');
      const within = keys.everyItem();
      return page(within, { after, limit, keyOf: keys.item, consistency: 'strong' });
    },
  };
}

interface PageOptions {
  readonly after: string | undefined;
  readonly limit: number | undefined;
  readonly reverse?: boolean;
  readonly keyOf: (item: Item) => string;
  readonly consistency: 'strong' | 'eventual';
}

function continued(within: KeyRange, after: string | undefined, reverse: boolean): KeyRange {
  if (after === undefined) return within;
  return reverse ? { ...within, before: after } : { ...within, from: justAfter(after) };
}

function merged(
  key: Key,
  old: Item | undefined,
  set: Readonly<Record<string, Attribute | null>>,
): Item {
  const next: Record<string, Attribute> & Key = { ...old, pk: key.pk, sk: key.sk };
  for (const [name, value] of Object.entries(set)) {
    if (name === 'pk' || name === 'sk') throw new BugError('an update cannot change the key');
    if (value === null) {
      delete next[name];
    } else {
      checkedAttributeBytes(name, value);
      next[name] = value;
    }
  }
  return next;
}

/** Our own copy, which nobody can change; a negative zero is a zero, as on the wire. */
function held(item: Item): Item {
  const copy: Record<string, Attribute> & Key = { ...item };
  for (const name in copy) if (copy[name] === 0) copy[name] = 0;
  return Object.freeze(copy);
}
