import type { Attribute } from '@millrace/core/port';

/** What a map holds: flat, and never changed once it is in. */
export type StoredValue = Readonly<Record<string, Attribute>>;

export interface KeyRange {
  /** Inclusive. */
  readonly from: string;
  /** Exclusive; absent = to the end. */
  readonly before?: string;
  readonly reverse?: boolean;
}

/**
 * All that the embedded store asks of its ground: strings to flat values, ordered by the bytes of
 * UTF-8. Everything completes synchronously: the engine is deterministic only if nothing finishes
 * at a moment of its own choosing.
 */
export interface OrderedMap {
  get(key: string): StoredValue | undefined;
  put(key: string, value: StoredValue): void;
  /** True when the key was there. */
  remove(key: string): boolean;
  /** The map must not change while the range is read. */
  range(range: KeyRange): Iterable<StoredValue>;
  /** All changes of `body` or, when it throws, none. Not nested. */
  transaction<Result>(body: () => Result): Result;
  close(): Promise<void>;
}
