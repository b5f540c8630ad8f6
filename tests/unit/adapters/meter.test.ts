import {
  createKeyValueStore,
  type EmbeddedStore,
} from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';

const key = { pk: 'p', sk: 's' };
/** `pk` + `p` + `sk` + `s` + `t` are 7 bytes, so the item has `bytes`. */
const sized = (bytes: number) => ({ ...key, t: 'x'.repeat(bytes - 7) });
const indexed = (due: number, more = '') => ({ ...key, bucket: 'b', due, more });

function makeStore(): EmbeddedStore {
  const indexes = { due: { partitionKey: 'bucket', sortKey: 'due' } };
  return createKeyValueStore({ map: createMemoryMap(), table: 't', indexes });
}

describe('write units', () => {
  test.each<[string, number, (store: EmbeddedStore) => Promise<unknown>, before: object | null]>([
    ['1,024 bytes are one', 1, (s) => s.put(sized(1024)), null],
    ['1,025 bytes are two', 2, (s) => s.put(sized(1025)), null],
    ['a small item over a large one costs the large one', 5, (s) => s.put(key), sized(5000)],
    ['a failed condition costs as much', 5, (s) => s.put(key, { kind: 'absent' }), sized(5000)],
    ['an update costs the whole item', 5, (s) => s.update(key, { n: 1 }), sized(5000)],
    ['an increment too', 5, (s) => s.increment(key, 'n', 1), sized(5000)],
    ['a delete costs the old item', 5, (s) => s.delete(key), sized(5000)],
    ['a delete of nothing is one', 1, (s) => s.delete(key), null],
    ['into an index: one more', 2, (s) => s.put(indexed(1)), null],
    ['moved in the index: two more', 3, (s) => s.put(indexed(2)), indexed(1)],
    ['out of the index: one more', 2, (s) => s.update(key, { due: null }), indexed(1)],
    ['beside the index: none more', 1, (s) => s.put(indexed(1, 'new')), indexed(1)],
    ['deleted from the index: one more', 2, (s) => s.delete(key), indexed(1)],
    [
      'a failed condition leaves the index alone',
      1,
      (s) => s.put(indexed(2), { kind: 'absent' }),
      indexed(1),
    ],
  ])('%s', async (_, units, act, before) => {
    const store = makeStore();
    if (before) await store.put({ ...key, ...before });
    store.meter.reset();
    await act(store);
    expect(store.meter.writeUnits).toBe(units);
    expect(store.meter.readUnits).toBe(0);
  });
});

describe('read units', () => {
  test.each<[string, number, (store: EmbeddedStore) => Promise<unknown>]>([
    ['4,096 bytes are one', 1, (s) => s.getMany([{ pk: 'p', sk: '1' }])],
    ['4,097 bytes are two', 2, (s) => s.getMany([{ pk: 'p', sk: '2' }])],
    ['an absent item is one', 1, (s) => s.getMany([{ pk: 'p', sk: '0' }])],
    [
      'a batch rounds every item',
      4,
      (s) => s.getMany(['0', '1', '2'].map((sk) => ({ pk: 'p', sk }))),
    ],
    ['a page rounds its sum', 3, (s) => s.query({ pk: 'p' })],
    ['a page of an index costs half', 0.5, (s) => s.query({ pk: 'b', index: 'due' })],
    ['an empty page is one', 1, (s) => s.query({ pk: 'nobody' })],
    ['a scan rounds the sum of the table', 3, (s) => s.scan()],
  ])('%s', async (_, units, act) => {
    const store = makeStore();
    await store.put({ ...sized(4096), sk: '1' });
    await store.put({ ...sized(4097 - 15), sk: '2', bucket: 'b', due: 1234567 });
    store.meter.reset();
    await act(store);
    expect(store.meter.readUnits).toBe(units);
    expect(store.meter.writeUnits).toBe(0);
  });
});

test('every method is counted once a call', async () => {
  const store = makeStore();
  await store.getMany([key]);
  await store.put(key);
  await store.put(key, { kind: 'absent' });
  await store.update(key, {});
  await store.increment(key, 'n', 1);
  await store.delete(key);
  await store.query({ pk: 'p' });
  await store.scan();
  const calls = { getMany: 1, put: 2, update: 1, increment: 1, delete: 1, query: 1, scan: 1 };
  expect(store.meter.calls).toEqual(calls);
  store.meter.reset();
  expect(new Set(Object.values(store.meter.calls))).toEqual(new Set([0]));
});
