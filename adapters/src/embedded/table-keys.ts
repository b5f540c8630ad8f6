import { BugError } from '@millrace/core/error';
import type { Attribute, Item, Key } from '@millrace/core/port';
import type { KeyRange } from './ordered-map';

/** Attribute names of a secondary index; items that lack one of them are not in the index. */
export interface IndexDefinition {
  readonly partitionKey: string;
  readonly sortKey: string;
}

/** A range of sort keys under one partition key, of the table or of an index. */
export interface SortKeyRange {
  readonly pk: string;
  readonly from?: string | number | undefined;
  readonly to?: string | number | undefined;
}

/**
 * Where one table's items and index entries lie in the ordered map. A key is a list of parts; each
 * but the last ends with two zero characters, and a zero inside a part is followed by a one, so
 * that the order of the joined text is the order of the lists.
 */
export function createTableKeys(table: string) {
  const items = ended(table) + ended('');
  const ofIndex = (index: string) => ended(table) + ended(index);

  return {
    item: ({ pk, sk }: Key): string => items + ended(pk) + sk,

    /** Undefined when the item is not in the index. */
    entry(index: string, definition: IndexDefinition, item: Item): string | undefined {
      const pk = indexKeyAttribute(item, definition.partitionKey);
      const sk = indexKeyAttribute(item, definition.sortKey);
      if (pk === undefined || sk === undefined) return undefined;
      if (typeof pk !== 'string') throw new BugError(`${definition.partitionKey} must be a string`);
      return ofIndex(index) + ended(pk) + ended(sortable(sk)) + ended(item.pk) + item.sk;
    },

    everyItem: (): KeyRange => ({ from: items, before: afterAll(ended(table), '') }),

    itemRange({ pk, from, to }: SortKeyRange): KeyRange {
      if (typeof from === 'number' || typeof to === 'number') {
        throw new BugError('the sort key of a table is a string');
      }
      const prefix = items + ended(pk);
      return {
        from: prefix + (from ?? ''),
        before: to === undefined ? afterAll(items, pk) : `${prefix}${to}${ZERO}`,
      };
    },

    entryRange(index: string, { pk, from, to }: SortKeyRange): KeyRange {
      const prefix = ofIndex(index) + ended(pk);
      return {
        from: prefix + (from === undefined ? '' : escaped(sortable(from))),
        before: to === undefined ? afterAll(ofIndex(index), pk) : afterAll(prefix, sortable(to)),
      };
    },
  };
}

/** The attributes a KEYS_ONLY index gives back. */
export function projectedToKeys(item: Item, { partitionKey, sortKey }: IndexDefinition): Item {
  const { pk, sk } = item;
  return { pk, sk, [partitionKey]: item[partitionKey]!, [sortKey]: item[sortKey]! };
}

/** The first key behind every key that starts with `after`. */
export function justAfter(key: string): string {
  return key + ZERO;
}

const ZERO = '\u0000';
const ONE = '\u0001';
const END = ZERO + ZERO;

function ended(part: string): string {
  return escaped(part) + END;
}

function escaped(part: string): string {
  return part.includes(ZERO) ? part.replaceAll(ZERO, ZERO + ONE) : part;
}

/** Above every key that has `part` after `prefix`, below every later part. */
function afterAll(prefix: string, part: string): string {
  return prefix + escaped(part) + ZERO + ONE;
}

function indexKeyAttribute(item: Item, name: string): string | number | undefined {
  const value: Attribute | undefined = item[name];
  if (typeof value === 'boolean') throw new BugError(`index key ${name} is a boolean`);
  if (value === '') throw new BugError(`index key ${name} is empty`);
  return value;
}

const DIGITS = 16;

/** Numbers in numeric order, before texts. */
function sortable(value: string | number): string {
  if (typeof value === 'string') return `s${value}`;
  if (!Number.isSafeInteger(value)) throw new BugError(`${value} is no safe integer`);
  return value < 0
    ? `n0${String(Number.MAX_SAFE_INTEGER + value).padStart(DIGITS, '0')}`
    : `n1${String(value).padStart(DIGITS, '0')}`;
}
