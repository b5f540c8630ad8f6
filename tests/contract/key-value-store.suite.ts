import { BugError } from '@millrace/core/error';
import type { Condition, Item, KeyValueStore, Page, RangeQuery } from '@millrace/core/port';
import fc from 'fast-check';
import { createModel } from './key-value-store.model';
import { type Operation, operations } from './key-value-store.operations';

export interface StoreUnderTest {
  readonly store: KeyValueStore;
  close?(): Promise<void>;
}

/** What every table must do. `makeStore` answers an empty table with `CONTRACT_INDEXES`. */
export function describeKeyValueStore(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  { propertyRuns = 150 }: { readonly propertyRuns?: number } = {},
): void {
  describe(`key-value store: ${name}`, () => {
    let subject: StoreUnderTest;
    let store: KeyValueStore;

    beforeEach(async () => {
      subject = await makeStore();
      store = subject.store;
    });

    afterEach(async () => {
      await subject.close?.();
    });

    const key = { pk: 'p', sk: 's' };
    const get = async (at = key) => (await store.getMany([at]))[0];

    describe('items', () => {
      test.each<[string, Item]>([
        ['texts', { ...key, empty: '', zero: '\u0000', wide: 'é 😀 \uffee', 'odd name # :x': 'y' }],
        [
          'integers to 2^53 - 1',
          { ...key, most: 9007199254740991, least: -9007199254740991, n: 0 },
        ],
        ['booleans', { ...key, yes: true, no: false }],
        [
          'reserved words of DynamoDB',
          { ...key, name: 'n', size: 1, status: 's', ttl: 5, out: 'o' },
        ],
      ])('are given back as they were put: %s', async (_, item) => {
        await store.put(item);
        expect(await get()).toEqual(item);
      });

      test('a negative zero comes back as zero', async () => {
        await store.put({ ...key, n: -0 });
        expect(Object.is((await get())?.n, 0)).toBe(true);
      });

      test('put replaces the whole item', async () => {
        await store.put({ ...key, a: 1, b: 2 });
        await store.put({ ...key, b: 3 });
        expect(await get()).toEqual({ ...key, b: 3 });
      });

      test('a later change of the object that was put is not seen', async () => {
        const item = { ...key, n: 1 };
        await store.put(item);
        item.n = 2;
        expect(await get()).toEqual({ ...key, n: 1 });
      });

      test('getMany answers in the order of its keys, undefined for absent ones', async () => {
        await store.put({ pk: 'p', sk: '1', n: 1 });
        await store.put({ pk: 'p', sk: '3', n: 3 });
        const items = await store.getMany(['3', '2', '1'].map((sk) => ({ pk: 'p', sk })));
        expect(items.map((item) => item?.n)).toEqual([3, undefined, 1]);
      });

      test('getMany takes no keys, and more than one batch of them', async () => {
        const keys = Array.from({ length: 230 }, (_, n) => ({ pk: `p${n % 7}`, sk: `s${n}` }));
        await Promise.all(keys.map((at, n) => store.put({ ...at, n })));
        const items = await store.getMany(keys.toReversed());
        expect(items.map((item) => item?.n)).toEqual(keys.map((_, n) => 229 - n));
        expect(await store.getMany([])).toEqual([]);
      });

      test('a deleted item is gone, and deleting it again is nothing', async () => {
        await store.put({ ...key, n: 1 });
        await store.delete(key);
        await store.delete(key);
        expect(await get()).toBeUndefined();
      });
    });

    describe('refusals', () => {
      const refused: [string, (table: KeyValueStore) => Promise<unknown>][] = [
        ['a fraction', (t) => t.put({ ...key, n: 1.5 })],
        ['an integer above 2^53 - 1', (t) => t.put({ ...key, n: 2 ** 53 })],
        ['NaN', (t) => t.update(key, { n: Number.NaN })],
        ['an object', (t) => t.put({ ...key, o: {} as never })],
        ['undefined', (t) => t.put({ ...key, o: undefined as never })],
        ['an unpaired surrogate', (t) => t.put({ ...key, o: '\ud800' })],
        ['an empty key', (t) => t.put({ pk: 'p', sk: '' })],
        ['a sort key of 1025 bytes', (t) => t.put({ pk: 'p', sk: 'x'.repeat(1025) })],
        ['an item above 400 KB', (t) => t.put({ ...key, o: 'x'.repeat(409_600) })],
        ['a duplicate key to read', (t) => t.getMany([key, key])],
        ['an update of the key', (t) => t.update(key, { sk: 'other' })],
        ['an increment by a fraction', (t) => t.increment(key, 'n', 0.5)],
        ['an increment of an attribute that is set too', (t) => t.increment(key, 'n', 1, { n: 1 })],
        ['an index that is not there', (t) => t.query({ pk: 'p', index: 'nope' })],
        ['a page of no items', (t) => t.query({ pk: 'p', limit: 0 })],
        ['a range of numbers over texts', (t) => t.query({ pk: 'p', from: 1 })],
      ];

      test.each(refused)('%s is a bug of the caller and writes nothing', async (_, act) => {
        await expect(act(store)).rejects.toThrow(BugError);
        expect((await store.scan()).items).toEqual([]);
      });

      test('an update that would make an item larger than 400 KB leaves it as it was', async () => {
        await store.put({ ...key, a: 'x'.repeat(300_000) });
        await expect(store.update(key, { b: 'x'.repeat(110_000) })).rejects.toThrow(BugError);
        expect(Object.keys((await get())!)).toHaveLength(3);
      });

      test('incrementing a text is refused', async () => {
        await store.put({ ...key, n: '1' });
        await expect(store.increment(key, 'n', 1)).rejects.toThrow(BugError);
        expect(await get()).toEqual({ ...key, n: '1' });
      });

      test('an item of exactly 400 KB and keys of the greatest length are taken', async () => {
        const at = { pk: 'p'.repeat(2048), sk: 's'.repeat(1024) };
        const item = { ...at, o: 'x'.repeat(409_600 - 2048 - 1024 - 5) };
        await store.put(item);
        expect(await get(at)).toEqual(item);
      });
    });

    describe('conditions', () => {
      const held = { ...key, n: 5, t: '5', b: true };
      const verdicts: [Condition, absent: string, present: string][] = [
        [{ kind: 'absent' }, 'written', 'conflict'],
        [{ kind: 'exists' }, 'conflict', 'written'],
        [{ kind: 'equals', attribute: 'n', value: 5 }, 'conflict', 'written'],
        [{ kind: 'equals', attribute: 'n', value: '5' }, 'conflict', 'conflict'],
        [{ kind: 'equals', attribute: 'b', value: true }, 'conflict', 'written'],
        [{ kind: 'equals', attribute: 'other', value: 5 }, 'conflict', 'conflict'],
        [{ kind: 'absentOrAtMost', attribute: 'n', value: 4 }, 'written', 'conflict'],
        [{ kind: 'absentOrAtMost', attribute: 'n', value: 5 }, 'written', 'written'],
        [{ kind: 'absentOrAtMost', attribute: 'other', value: 0 }, 'written', 'written'],
        [{ kind: 'absentOrAtMost', attribute: 't', value: 9 }, 'written', 'conflict'],
      ];

      describe.each(verdicts)('%j', (condition, whenAbsent, whenPresent) => {
        test(`put answers ${whenAbsent} without the item, ${whenPresent} with it`, async () => {
          expect(await store.put({ ...key, new: 1 }, condition)).toBe(whenAbsent);
          expect(await get()).toEqual(whenAbsent === 'written' ? { ...key, new: 1 } : undefined);
          await store.put(held);
          expect(await store.put({ ...key, new: 1 }, condition)).toBe(whenPresent);
          expect(await get()).toEqual(whenPresent === 'written' ? { ...key, new: 1 } : held);
        });

        test(`update answers ${whenAbsent} without the item, ${whenPresent} with it`, async () => {
          expect(await store.update(key, { new: 1 }, condition)).toBe(whenAbsent);
          expect(await get()).toEqual(whenAbsent === 'written' ? { ...key, new: 1 } : undefined);
          await store.put(held);
          expect(await store.update(key, { new: 1 }, condition)).toBe(whenPresent);
          expect(await get()).toEqual(whenPresent === 'written' ? { ...held, new: 1 } : held);
        });
      });

      test('of twenty writers of one version exactly one wins', async () => {
        await store.put({ ...key, ver: 1 });
        const condition = { kind: 'equals', attribute: 'ver', value: 1 } as const;
        const writers = Array.from({ length: 20 }, (_, by) =>
          store.put({ ...key, ver: 2, by }, condition),
        );
        const answers = await Promise.all(writers);
        expect(answers.filter((answer) => answer === 'written')).toHaveLength(1);
        expect((await get())?.by).toBe(answers.indexOf('written'));
      });
    });

    describe('updates', () => {
      test('set and remove attributes and keep the others', async () => {
        await store.put({ ...key, a: 1, b: 2, c: 3 });
        await store.update(key, { a: 9, b: null, absent: null });
        expect(await get()).toEqual({ ...key, a: 9, c: 3 });
      });

      test('of nothing creates the bare item', async () => {
        await store.update(key, {});
        expect(await get()).toEqual(key);
      });

      test('increment counts from 0 and sets other attributes', async () => {
        expect(await store.increment(key, 'n', 3)).toBe(3);
        expect(await store.increment(key, 'n', -5, { at: 7 })).toBe(-2);
        expect(await get()).toEqual({ ...key, n: -2, at: 7 });
      });

      test('concurrent increments are all counted', async () => {
        await Promise.all(Array.from({ length: 50 }, () => store.increment(key, 'n', 2)));
        expect((await get())?.n).toBe(100);
      });
    });

    describe('queries', () => {
      const order = ['!', 'A', 'a', 'a\u0000', 'a#1', 'é', '\uffee', '😀'];
      const sortKeys = async (range: Omit<RangeQuery, 'pk'>) =>
        (await readAll((after) => store.query({ pk: 'p', ...range, ...after }))).map(
          ({ sk }) => sk,
        );

      beforeEach(async () => {
        for (const sk of order.toReversed()) await store.put({ pk: 'p', sk });
        for (const pk of ['o', 'p ', 'p\u0000', 'q']) await store.put({ pk, sk: 'a' });
      });

      test.each<[string, Omit<RangeQuery, 'pk'>, string[]]>([
        ['everything in the byte order of UTF-8', {}, order],
        ['backwards', { reverse: true }, order.toReversed()],
        ['from a bound on, itself included', { from: 'a' }, order.slice(2)],
        ['up to a bound, itself included', { to: 'a' }, order.slice(0, 3)],
        ['between bounds that are no keys', { from: 'B', to: 'b' }, order.slice(2, 5)],
        ['one key', { from: 'é', to: 'é' }, ['é']],
        ['nothing between bounds the wrong way round', { from: 'b', to: 'a' }, []],
        ['pages forwards', { limit: 3 }, order],
        ['pages backwards', { limit: 3, reverse: true, to: 'é' }, order.slice(0, 6).toReversed()],
        ['pages of one', { limit: 1, from: 'a', to: 'é' }, order.slice(2, 6)],
      ])('give %s', async (_, range, expected) => {
        expect(await sortKeys(range)).toEqual(expected);
      });

      test('a page holds at most its limit', async () => {
        const page = await store.query({ pk: 'p', limit: 3 });
        expect(page.items.map(({ sk }) => sk)).toEqual(order.slice(0, 3));
        expect(page.next).toEqual(expect.any(String));
      });

      test('an absent partition is one empty page', async () => {
        expect(await store.query({ pk: 'nobody' })).toEqual({ items: [] });
      });

      test('a page ends near 1 MB, and the next ones bring the rest', async () => {
        for (const sk of ['1', '2', '3', '4', '5']) {
          await store.put({ pk: 'big', sk, text: 'x'.repeat(300_000) });
        }
        const first = await store.query({ pk: 'big' });
        expect(first.items.length).toBeLessThan(5);
        const all = await readAll((after) => store.query({ pk: 'big', ...after }));
        expect(all.map(({ sk }) => sk)).toEqual(['1', '2', '3', '4', '5']);
      });

      test('scan reads every item of the table, in pages too', async () => {
        const all = await readAll((after) => store.scan(after));
        const paged = await readAll((after) => store.scan({ limit: 2, ...after }));
        expect(all).toHaveLength(order.length + 4);
        expect(new Set(paged.map(identity))).toEqual(new Set(all.map(identity)));
        expect(paged).toHaveLength(all.length);
      });
    });

    describe('secondary indexes', () => {
      const dueAt = async (range: Omit<RangeQuery, 'pk'>) => {
        const read = (after: object) => store.query({ pk: 'b', index: 'due', ...range, ...after });
        return (await readAll(read)).map((item) => item.due);
      };

      test('order numbers by value, not as text', async () => {
        const times = [-9007199254740991, -20, -3, 0, 3, 20, 100, 9007199254740991];
        for (const due of times) await store.put({ pk: `p${due}`, sk: 's', dueBucket: 'b', due });
        expect(await dueAt({})).toEqual(times);
        expect(await dueAt({ from: -3, to: 20 })).toEqual([-3, 0, 3, 20]);
        expect(await dueAt({ to: 99, reverse: true, limit: 2 })).toEqual([
          20,
          3,
          0,
          -3,
          -20,
          times[0],
        ]);
      });

      test('give back the keys only', async () => {
        await store.put({ ...key, dueBucket: 'b', due: 1, label: 'l', more: 'm' });
        const { items } = await store.query({ pk: 'b', index: 'due' });
        expect(items).toEqual([{ ...key, dueBucket: 'b', due: 1 }]);
      });

      test('hold only items that have both attributes', async () => {
        await store.put({ pk: 'p', sk: '1', dueBucket: 'b' });
        await store.put({ pk: 'p', sk: '2', due: 1 });
        expect(await dueAt({})).toEqual([]);
      });

      test('follow puts, updates, increments and deletes', async () => {
        await store.put({ ...key, dueBucket: 'b', due: 1 });
        await store.put({ ...key, dueBucket: 'b', due: 2 });
        expect(await dueAt({})).toEqual([2]);
        await store.increment(key, 'due', 5);
        expect(await dueAt({})).toEqual([7]);
        await store.update(key, { due: null });
        expect(await dueAt({})).toEqual([]);
        await store.update(key, { due: 3 });
        expect(await dueAt({})).toEqual([3]);
        await store.delete(key);
        expect(await dueAt({})).toEqual([]);
      });

      test('pages do not lose items with equal sort keys', async () => {
        for (let n = 0; n < 7; n++)
          await store.put({ pk: `p${n}`, sk: 's', dueBucket: 'b', due: 1 });
        const read = (after: object) => store.query({ pk: 'b', index: 'due', limit: 2, ...after });
        const found = (await readAll(read)).map(({ pk }) => pk);
        expect(found.toSorted()).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6']);
      });
    });

    test('random operations give the answers of the model', async () => {
      await fc.assert(
        fc.asyncProperty(operations, async (steps) => {
          const fresh = await makeStore();
          const model = createModel();
          for (const step of steps) {
            const [answer, expected] = await both(step, fresh.store, model);
            expect({ step, answer }).toEqual({ step, answer: expected });
          }
          await fresh.close?.();
        }),
        { numRuns: propertyRuns },
      );
    });
  });
}

type Model = ReturnType<typeof createModel>;

async function both(step: Operation, store: KeyValueStore, model: Model): Promise<unknown[]> {
  switch (step.kind) {
    case 'get':
      return [await store.getMany(step.keys), step.keys.map((key) => model.get(key))];
    case 'put':
      return [await store.put(step.item, step.when), model.put(step.item, step.when)];
    case 'update':
      return [
        await store.update(step.key, step.set, step.when),
        model.update(step.key, step.set, step.when),
      ];
    case 'increment':
      return [
        await store.increment(step.key, 'count', step.by),
        model.increment(step.key, 'count', step.by),
      ];
    case 'delete':
      return [await store.delete(step.key), model.delete(step.key)];
    case 'query': {
      const items = await readAll((after) => store.query({ ...step.range, ...after }));
      const expected = model.query(step.range);
      // Nothing is promised about the order of equal sort keys in an index.
      if (step.range.index === undefined) return [items, expected];
      const sortKey = step.range.index;
      return [
        { order: items.map((item) => item[sortKey]), items: sorted(items) },
        { order: expected.map((item) => item[sortKey]), items: sorted(expected) },
      ];
    }
    case 'scan':
      return [
        sorted(await readAll((after) => store.scan({ ...step.options, ...after }))),
        sorted(model.all()),
      ];
  }
}

const PAGES_MAX = 1000;

async function readAll(read: (after: { after?: string }) => Promise<Page>): Promise<Item[]> {
  const items: Item[] = [];
  let page = await read({});
  for (let pages = 1; pages < PAGES_MAX; pages++) {
    items.push(...page.items);
    if (page.next === undefined) return items;
    page = await read({ after: page.next });
  }
  throw new Error(`more than ${PAGES_MAX} pages`);
}

function identity({ pk, sk }: Item): string {
  return JSON.stringify([pk, sk]);
}

function sorted(items: readonly Item[]): Item[] {
  return items.toSorted((left, right) => (identity(left) < identity(right) ? -1 : 1));
}
