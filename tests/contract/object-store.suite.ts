import { BugError } from '@millrace/core/error';
import type { ObjectStore } from '@millrace/core/port';
import fc from 'fast-check';

export interface ObjectsUnderTest {
  readonly store: ObjectStore;
  close?(): Promise<void>;
}

/** What every object store must do. `makeStore` answers an empty one. */
export function describeObjectStore(
  name: string,
  makeStore: () => Promise<ObjectsUnderTest>,
  { propertyRuns = 100 }: { readonly propertyRuns?: number } = {},
): void {
  describe(`object store: ${name}`, () => {
    let subject: ObjectsUnderTest;
    let store: ObjectStore;

    beforeEach(async () => {
      subject = await makeStore();
      store = subject.store;
    });

    afterEach(async () => {
      await subject.close?.();
    });

    const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const all = (prefix = '', limit?: number) => listAll(store, prefix, limit);

    test.each<[string, Uint8Array]>([
      ['every byte', everyByte],
      ['nothing', new Uint8Array(0)],
      ['two megabytes', new Uint8Array(2_000_000).fill(7)],
      ['a view into a larger buffer', everyByte.subarray(100, 103)],
    ])('bytes come back as they were: %s', async (_, bytes) => {
      expect(await store.create('k', bytes)).toBe('created');
      const object = await store.get('k');
      expect(Buffer.compare(object!.bytes, bytes)).toBe(0);
      expect(object!.metadata).toEqual({});
    });

    test('the first of two creators wins, and its object stays as it was', async () => {
      expect(await store.create('k', text('first'), { by: 'first' })).toBe('created');
      expect(await store.create('k', text('second'), { by: 'second' })).toBe('exists');
      expect(await store.get('k')).toEqual({ bytes: text('first'), metadata: { by: 'first' } });
    });

    test('an object without metadata takes none from a later creator', async () => {
      await store.create('k', text('first'));
      await store.create('k', text('second'), { by: 'second' });
      expect((await store.get('k'))!.metadata).toEqual({});
    });

    test('of twenty creators at once exactly one wins', async () => {
      const creators = Array.from({ length: 20 }, (_, n) => store.create('k', text(`${n}`)));
      const answers = await Promise.all(creators);
      const winner = answers.indexOf('created');
      expect(answers.filter((answer) => answer === 'created')).toHaveLength(1);
      expect((await store.get('k'))!.bytes).toEqual(text(`${winner}`));
    });

    test('an absent object is undefined, a deleted one can be created again', async () => {
      expect(await store.get('k')).toBeUndefined();
      await store.delete('k');
      await store.create('k', text('1'), { a: 'b' });
      await store.delete('k');
      expect(await store.get('k')).toBeUndefined();
      expect(await all()).toEqual([]);
      expect(await store.create('k', text('2'))).toBe('created');
      expect(await store.get('k')).toEqual({ bytes: text('2'), metadata: {} });
    });

    test('metadata keeps any text', async () => {
      const metadata = { plain: 'a b', blank: ' x ', wide: 'é😀', odd: '100% "x": 1\n', none: '' };
      await store.create('k', text(''), metadata);
      expect((await store.get('k'))!.metadata).toEqual(metadata);
    });

    const trickyKeys = [
      'a',
      'a/b',
      'a/b/c',
      'a-b',
      'a.b',
      'a//b',
      'a/',
      '/a',
      '..',
      '../a',
      'a/../b',
      './a',
      'a/.',
      '.hidden',
      'a%2Fb',
      'a%o',
      'b%m',
      '%t/x',
      '%',
      'c%~/d',
      'with space',
      ' blank ends ',
      'dot.',
      'quote"\\:*?<>|',
      'a+b&c=d#e?f',
      'zero\u0001',
      'é (composed)',
      'e\u0301 (decomposed)',
      '\uffee',
      '😀/😀',
      'A',
      `${'n'.repeat(300)}/short`,
      `${'n'.repeat(300)}`,
      `${'n'.repeat(200)}`,
      `${'n'.repeat(200)}.x/y`,
      `${'é'.repeat(400)}`,
      'd/'.repeat(500),
    ];

    test.each(trickyKeys.map((key) => [key]))('the key %j is held, alone', async (key) => {
      expect(await store.create(key, text('v'), { a: 'b' })).toBe('created');
      expect(await store.create(key, text('w'))).toBe('exists');
      expect(await store.get(key)).toEqual({ bytes: text('v'), metadata: { a: 'b' } });
      expect(await all()).toEqual([key]);
      await store.delete(key);
      expect(await all()).toEqual([]);
    });

    test.each([
      ['shortest first', [...trickyKeys].sort(byteOrder)],
      ['longest first', [...trickyKeys].sort(byteOrder).reverse()],
    ])('such keys live beside each other, created %s', async (_, keys) => {
      for (const key of keys)
        expect([key, await store.create(key, text(key))]).toEqual([key, 'created']);
      for (const key of keys) {
        const object = await store.get(key);
        expect(Buffer.from(object?.bytes ?? []).toString()).toBe(key);
        expect(await store.create(key, text('again'))).toBe('exists');
      }
      expect(await all()).toEqual([...keys].sort(byteOrder));
    });

    describe('listing', () => {
      const keys = [
        'x/1',
        'x/10',
        'x/2',
        'x-1',
        'x',
        'xy/1',
        'y',
        'x/a/b',
        'x/a.b',
        'x/\uffee',
        'x/😀',
      ];
      const inOrder = [...keys].sort(byteOrder);

      beforeEach(async () => {
        for (const key of keys) await store.create(key, text(key), { m: '1' });
      });

      test.each<[string, string]>([
        ['everything', ''],
        ['a folder', 'x/'],
        ['a part of a name', 'x'],
        ['a part of a name in a folder', 'x/1'],
        ['one key', 'x/a/b'],
        ['nothing', 'z'],
        ['nothing below a key', 'y/'],
      ])('by prefix gives %s in byte order', async (_, prefix) => {
        const expected = inOrder.filter((key) => key.startsWith(prefix));
        expect(await all(prefix)).toEqual(expected);
        expect(await all(prefix, 1)).toEqual(expected);
        expect(await all(prefix, 3)).toEqual(expected);
      });

      test.each([...keys, 'x/0', 'x0', 'x/a', 'z', ' '])('goes on behind %j', async (after) => {
        const expected = inOrder.filter((key) => byteOrder(key, after) > 0);
        expect((await store.list({ prefix: '', after })).keys).toEqual(expected);
      });

      test('a page holds at most its limit, and the last one has no next', async () => {
        const page = await store.list({ prefix: 'x/', limit: 2 });
        expect(page.keys).toEqual(['x/1', 'x/10']);
        const rest = await store.list({ prefix: 'x/', after: page.next! });
        expect(rest).toEqual({ keys: inOrder.filter((key) => key.startsWith('x/')).slice(2) });
      });
    });

    test('a page holds at most 1,000 keys', async () => {
      const keys = Array.from({ length: 1001 }, (_, n) => `k/${String(n).padStart(4, '0')}`);
      for (let at = 0; at < keys.length; at += 50) {
        const some = keys.slice(at, at + 50);
        await Promise.all(some.map((key) => store.create(key, new Uint8Array(0))));
      }
      const page = await store.list({ prefix: 'k/' });
      expect(page.keys).toEqual(keys.slice(0, 1000));
      expect(await all('k/')).toEqual(keys);
    });

    const refused: [string, (objects: ObjectStore) => Promise<unknown>][] = [
      ['an empty key', (o) => o.create('', text(''))],
      ['a key of 1025 bytes', (o) => o.create('x'.repeat(1025), text(''))],
      ['an unpaired surrogate', (o) => o.create('\ud800', text(''))],
      ['metadata with a capital letter', (o) => o.create('k', text(''), { By: 'x' })],
      ['metadata above 2 KB', (o) => o.create('k', text(''), { by: 'x'.repeat(2047) })],
      ['a page of no keys', (o) => o.list({ prefix: '', limit: 0 })],
    ];
    test.each(refused)('%s is a bug of the caller and writes nothing', async (_, act) => {
      await expect(act(store)).rejects.toThrow(BugError);
      expect(await all()).toEqual([]);
    });

    test('random operations give the answers of a map', async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (sequence) => {
          const fresh = await makeStore();
          const model = new Map<string, string>();
          for (const { kind, key } of sequence) {
            if (kind === 'create') {
              const answer = await fresh.store.create(key, text(key), { key });
              expect([key, answer]).toEqual([key, model.has(key) ? 'exists' : 'created']);
              model.set(key, key);
            } else if (kind === 'delete') {
              await fresh.store.delete(key);
              model.delete(key);
            } else {
              const expected = [...model.keys()].filter((k) => k.startsWith(key)).sort(byteOrder);
              expect(await listAll(fresh.store, key, 2)).toEqual(expected);
            }
            const object = await fresh.store.get(key);
            const held = model.has(key) ? { bytes: text(key), metadata: { key } } : undefined;
            expect(object).toEqual(held);
          }
          await fresh.close?.();
        }),
        { numRuns: propertyRuns },
      );
    });
  });
}

// Few names in few depths, so that objects and folders of one name meet.
const key = fc
  .array(fc.constantFrom('a', 'b', 'a.', '..', '', '😀', 'n'.repeat(210)), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.join('/'))
  .filter((joined) => joined !== '');

const steps = fc.array(
  fc.record({ kind: fc.constantFrom('create', 'create', 'delete', 'list'), key }),
  { minLength: 1, maxLength: 30 },
);

const PAGES_MAX = 2000;

async function listAll(store: ObjectStore, prefix: string, limit?: number): Promise<string[]> {
  const keys: string[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page = await store.list({ prefix, ...(after && { after }), ...(limit && { limit }) });
    keys.push(...page.keys);
    if (page.next === undefined) return keys;
    after = page.next;
  }
  throw new Error(`more than ${PAGES_MAX} pages`);
}

function byteOrder(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
