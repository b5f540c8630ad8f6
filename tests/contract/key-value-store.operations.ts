import type { Attribute, Condition, Item, Key, RangeQuery } from '@millrace/core/port';
import fc from 'fast-check';

export type Operation =
  | { kind: 'get'; keys: Key[] }
  | { kind: 'put'; item: Item; when?: Condition }
  | { kind: 'update'; key: Key; set: Record<string, Attribute | null>; when?: Condition }
  | { kind: 'increment'; key: Key; by: number }
  | { kind: 'delete'; key: Key }
  | { kind: 'query'; range: RangeQuery }
  | { kind: 'scan'; options: { limit?: number } };

// Few keys, so that operations meet; keys that trip over separators, prefixes and UTF-16.
const partitions = fc.constantFrom('p', 'p#', 'p\u0000', 'p\u0000\u0001', '\ue000', '😀');
const sortKeys = fc.constantFrom('a', 'a\u0000', 'a\u0000b', 'aa', 'é', '\uffee', '😀a');
const key = fc.record({ pk: partitions, sk: sortKeys });

const attributes = fc.record(
  {
    text: fc.constantFrom('', 'x', '😀'),
    flag: fc.boolean(),
    ver: fc.integer({ min: 0, max: 3 }),
    count: fc.integer({ min: -5, max: 5 }),
    dueBucket: fc.constantFrom('b0', 'b1'),
    due: fc.integer({ min: -3, max: 12 }),
    label: fc.constantFrom('l', 'l\u0000', '\uffee', '😀'),
  },
  { requiredKeys: [] },
);

const removed = fc.constant(null);
const changes = fc.record(
  {
    text: fc.oneof(fc.string({ maxLength: 3, unit: 'grapheme' }), removed),
    ver: fc.oneof(fc.integer({ min: 0, max: 3 }), removed),
    dueBucket: fc.oneof(fc.constantFrom('b0', 'b1'), removed),
    due: fc.oneof(fc.integer({ min: -3, max: 12 }), removed),
    label: fc.oneof(fc.constantFrom('l', '\uffee'), removed),
  },
  { requiredKeys: [] },
);

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.constant({ kind: 'absent' } as const),
  fc.constant({ kind: 'exists' } as const),
  fc.record({
    kind: fc.constant('equals' as const),
    attribute: fc.constantFrom('ver', 'text'),
    value: fc.constantFrom<Attribute>(0, 1, 2, 'x', ''),
  }),
  fc.record({
    kind: fc.constant('absentOrAtMost' as const),
    attribute: fc.constantFrom('ver', 'text'),
    value: fc.integer({ min: 0, max: 3 }),
  }),
);
const when = fc
  .option(condition, { nil: undefined })
  .map((value) => (value ? { when: value } : {}));

const paging = fc.record(
  { limit: fc.integer({ min: 1, max: 3 }), reverse: fc.boolean() },
  { requiredKeys: [] },
);

function bounds<Value>(value: fc.Arbitrary<Value>) {
  return fc.record({ from: value, to: value }, { requiredKeys: [] });
}

const range: fc.Arbitrary<RangeQuery> = fc
  .oneof(
    fc.tuple(
      partitions.map((pk) => ({ pk })),
      bounds(sortKeys),
      paging,
    ),
    fc.tuple(
      fc.record({ pk: fc.constantFrom('b0', 'b1'), index: fc.constant('due') }),
      bounds(fc.integer({ min: -4, max: 13 })),
      paging,
    ),
    fc.tuple(
      fc.record({ pk: fc.constantFrom('b0', 'b1'), index: fc.constant('label') }),
      bounds(fc.constantFrom('l', 'm', '\uffee', '😀')),
      paging,
    ),
  )
  .map(([first, second, third]) => ({ ...first, ...second, ...third }));

const keys = fc.uniqueArray(key, {
  maxLength: 5,
  selector: ({ pk, sk }) => JSON.stringify([pk, sk]),
});

/** Sequences of operations that no table refuses. */
export const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('get' as const), keys }) },
    {
      weight: 4,
      arbitrary: fc.tuple(key, attributes, when).map(([at, set, rest]) => ({
        kind: 'put' as const,
        item: { ...set, ...at } as Item,
        ...rest,
      })),
    },
    {
      weight: 3,
      arbitrary: fc.tuple(key, changes, when).map(([at, set, rest]) => ({
        kind: 'update' as const,
        key: at,
        set: set as Record<string, Attribute | null>,
        ...rest,
      })),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('increment' as const),
        key,
        by: fc.integer({ min: -9, max: 9 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('query' as const), range }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('scan' as const),
        options: fc.record({ limit: fc.integer({ min: 1, max: 4 }) }, { requiredKeys: [] }),
      }),
    },
  ),
  { minLength: 1, maxLength: 40 },
);
