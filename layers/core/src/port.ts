/**
 * What the core asks of the world. Adapters implement these for AWS and for the laptop; the same
 * contract tests run against every implementation (tests/contract/).
 *
 * Every method may throw `UnavailableError` (answer: retry). Nothing else is expected of the outside.
 */

/** Numbers are safe integers only: DynamoDB holds 38 digits and its SDK refuses more than 2^53. */
export type Attribute = string | number | boolean;

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export interface Item extends Key {
  readonly [attribute: string]: Attribute;
}

/** `absentOrAtMost` also holds when the item exists without the attribute. */
export type Condition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'equals'; readonly attribute: string; readonly value: Attribute }
  | { readonly kind: 'absentOrAtMost'; readonly attribute: string; readonly value: number };

export type WriteResult = 'written' | 'conflict';

export interface Page {
  readonly items: readonly Item[];
  /** Pass as `after` to go on; absent on the last page. Opaque. */
  readonly next?: string;
}

export interface RangeQuery {
  readonly pk: string;
  /** Inclusive bounds on the sort key, in code-unit order of UTF-8 (DynamoDB's order). */
  readonly from?: string | number;
  readonly to?: string | number;
  /** Name of a secondary index; `pk`, `from` and `to` then mean the index's keys. Eventually consistent. */
  readonly index?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly after?: string;
}

/** One table. Reads by key are strongly consistent. */
export interface KeyValueStore {
  /** Answers in the order of `keys`, which hold no duplicates; any number of keys. */
  getMany(keys: readonly Key[]): Promise<readonly (Item | undefined)[]>;
  /** Replaces the whole item. */
  put(item: Item, condition?: Condition): Promise<WriteResult>;
  /** Sets attributes (`null` removes one) of an item; creates it unless the condition forbids. */
  update(
    key: Key,
    set: Readonly<Record<string, Attribute | null>>,
    condition?: Condition,
  ): Promise<WriteResult>;
  /** Adds to a number attribute (absent counts as 0), sets others, and answers the new value. */
  increment(
    key: Key,
    attribute: string,
    by: number,
    set?: Readonly<Record<string, Attribute>>,
  ): Promise<number>;
  delete(key: Key): Promise<void>;
  query(range: RangeQuery): Promise<Page>;
  /** Every item, in no promised order (the embedded store: by pk, then sk). */
  scan(options?: { readonly after?: string; readonly limit?: number }): Promise<Page>;
}

export interface ObjectStore {
  /** Creates exclusively: `exists` when the key is taken, and the object stays as it was. */
  create(
    key: string,
    bytes: Uint8Array,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<'created' | 'exists'>;
  get(
    key: string,
  ): Promise<
    { readonly bytes: Uint8Array; readonly metadata: Readonly<Record<string, string>> } | undefined
  >;
  /** Keys under a prefix in byte order. */
  list(options: {
    readonly prefix: string;
    readonly after?: string;
    readonly limit?: number;
  }): Promise<{
    readonly keys: readonly string[];
    readonly next?: string;
  }>;
  delete(key: string): Promise<void>;
}

export interface StreamEntry {
  readonly partitionKey: string;
  readonly data: Uint8Array;
  readonly explicitHashKey?: string;
}

export interface StreamWriter {
  /**
   * Writes all entries, retrying only the failed ones and keeping the order of each partition key.
   * Throws `UnavailableError` when some could not be written within the adapter's limits.
   */
  put(entries: readonly StreamEntry[]): Promise<void>;
}

/** Time of the host the function runs on. Never used by the fold, whose time is in the data. */
export interface Clock {
  nowMs(): number;
  sleep(durationMs: number): Promise<void>;
}

/** English sentences with fields; one line a batch, never one a record. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
