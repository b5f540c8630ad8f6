import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbMap } from '@millrace/adapters/embedded/lmdb-map';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import type { OrderedMap } from '@millrace/adapters/embedded/ordered-map';
import { UnavailableError } from '@millrace/core/error';
import fc from 'fast-check';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-map.'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe.each<[string, () => OrderedMap]>([
  ['memory', createMemoryMap],
  ['lmdb', () => openLmdbMap({ folder })],
])('an ordered map: %s', (_, make) => {
  let map: OrderedMap;

  beforeEach(() => {
    map = make();
  });

  afterEach(() => map.close());

  test('a transaction that throws leaves everything as it was', () => {
    map.put('a', { n: 1 });
    map.put('b', { n: 2 });
    const act = () =>
      map.transaction(() => {
        map.put('a', { n: 9 });
        map.remove('b');
        map.put('c', { n: 3 });
        map.put('a', { n: 10 });
        throw new RangeError('enough');
      });
    expect(act).toThrow(/enough/);
    expect([...map.range({ from: '' })]).toEqual([{ n: 1 }, { n: 2 }]);
    expect(map.get('c')).toBeUndefined();
  });

  test('a transaction reads its own writes and answers the result of its body', () => {
    const answer = map.transaction(() => {
      map.put('a', { n: 1 });
      return map.get('a');
    });
    expect(answer).toEqual({ n: 1 });
  });

  test('remove tells whether the key was there', () => {
    map.put('a', {});
    expect([map.remove('a'), map.remove('a')]).toEqual([true, false]);
  });

  test('twenty thousand keys put in disorder and half of them removed are read in order', () => {
    const count = 20_000;
    map.transaction(() => {
      for (let i = 0; i < count; i++)
        map.put(numbered((i * 7919) % count), { n: (i * 7919) % count });
      for (let n = 1; n < count; n += 2) map.remove(numbered(n));
    });
    const evens = Array.from({ length: count / 2 }, (_, half) => half * 2);
    const read = (range: Parameters<OrderedMap['range']>[0]) =>
      [...map.range(range)].map(({ n }) => n);
    expect(read({ from: '' })).toEqual(evens);
    expect(read({ from: '', reverse: true })).toEqual(evens.toReversed());
    expect(read({ from: numbered(777), before: numbered(784) })).toEqual([778, 780, 782]);
    const range = { from: numbered(778), before: numbered(784), reverse: true };
    expect(read(range)).toEqual([782, 780, 778]);
  });

  test('any range is the sorted keys between its bounds', () => {
    const key = fc.string({
      unit: fc.constantFrom('a', 'b', '\u0000', 'é', '\uffee', '😀'),
      maxLength: 3,
    });
    fc.assert(
      fc.property(fc.uniqueArray(key), key, key, fc.boolean(), (keys, from, before, reverse) => {
        for (const { k } of [...map.range({ from: '' })]) map.remove(`k${k}`);
        for (const k of keys) map.put(`k${k}`, { k });
        const expected = keys
          .filter((k) => order(k, from) >= 0 && order(k, before) < 0)
          .sort(order);
        if (reverse) expected.reverse();
        const found = [...map.range({ from: `k${from}`, before: `k${before}`, reverse })];
        expect(found.map(({ k }) => k)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });
});

test('a map on disk is there again when it is opened again', async () => {
  const first = openLmdbMap({ folder });
  first.put('a', { text: 'é', n: 9007199254740991, yes: true });
  await first.close();
  const second = openLmdbMap({ folder });
  expect(second.get('a')).toEqual({ text: 'é', n: 9007199254740991, yes: true });
  await second.close();
});

test('a path that cannot hold a map is unavailable', () => {
  const path = join(folder, 'file');
  writeFileSync(path, 'no database');
  expect(() => openLmdbMap({ folder: path })).toThrow(UnavailableError);
});

function numbered(n: number): string {
  return `key-${String(n).padStart(8, '0')}`;
}

function order(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
