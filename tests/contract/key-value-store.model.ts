import type { Attribute, Condition, Item, Key, RangeQuery } from '@millrace/core/port';
import { CONTRACT_INDEXES, type ContractIndex } from './key-value-store.indexes';

/** A table as slow and plain as can be, to compare the real ones with. */
export function createModel() {
  let items: Item[] = [];
  const find = (key: Key) => items.find((item) => item.pk === key.pk && item.sk === key.sk);

  function write(key: Key, next: Item | undefined) {
    items = items.filter((item) => item !== find(key));
    if (next !== undefined) items.push(next);
  }

  function update(key: Key, set: Readonly<Record<string, Attribute | null>>, when?: Condition) {
    if (!allowed(when, find(key))) return 'conflict';
    const entries = Object.entries({ ...find(key), ...set }).filter(([, value]) => value !== null);
    write(key, { ...(Object.fromEntries(entries) as Record<string, Attribute>), ...key });
    return 'written';
  }

  return {
    get: find,
    all: () => items,
    update,
    put(item: Item, when?: Condition) {
      if (!allowed(when, find(item))) return 'conflict';
      write(item, item);
      return 'written';
    },
    increment(key: Key, attribute: string, by: number): number {
      const sum = Number(find(key)?.[attribute] ?? 0) + by;
      update(key, { [attribute]: sum });
      return sum;
    },
    delete: (key: Key) => write(key, undefined),
    query(range: RangeQuery): Item[] {
      const index = range.index === undefined ? undefined : CONTRACT_INDEXES[range.index];
      const { partitionKey, sortKey } = index ?? { partitionKey: 'pk', sortKey: 'sk' };
      const found = items
        .filter((item) => item[partitionKey] === range.pk && item[sortKey] !== undefined)
        .filter((item) => range.from === undefined || order(item[sortKey], range.from) >= 0)
        .filter((item) => range.to === undefined || order(item[sortKey], range.to) <= 0)
        .sort((left, right) => order(left[sortKey], right[sortKey]));
      if (range.reverse) found.reverse();
      return index === undefined ? found : found.map((item) => keysOnly(item, index));
    },
  };
}

function allowed(condition: Condition | undefined, item: Item | undefined): boolean {
  if (condition === undefined) return true;
  if (condition.kind === 'absent') return item === undefined;
  if (condition.kind === 'exists') return item !== undefined;
  const value = item?.[condition.attribute];
  if (condition.kind === 'equals') return value === condition.value;
  return value === undefined || (typeof value === 'number' && value <= condition.value);
}

function keysOnly(item: Item, { partitionKey, sortKey }: ContractIndex): Item {
  const names = ['pk', 'sk', partitionKey, sortKey];
  return Object.fromEntries(names.map((name) => [name, item[name]])) as unknown as Item;
}

function order(left: Attribute | undefined, right: Attribute | undefined): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)));
}
