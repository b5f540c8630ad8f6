import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createRandom } from '@millrace/engine';
import { watchDue } from '../../../../cli/src/replay/application/due-watch';

const INDEX = { due: { partitionKey: 'dueBucket', sortKey: 'due' } };

function createTable() {
  const store = createKeyValueStore({ map: createMemoryMap(), table: 'State', indexes: INDEX });
  return { store, watch: watchDue(store) };
}

function item(name: string, due: number | null, dueBucket = 'due#00') {
  return { pk: name, sk: 'k', ...(due === null ? {} : { due, dueBucket }) };
}

function dueUntil(to: number, pk = 'due#00') {
  return { pk, index: 'due', to };
}

describe('watchDue', () => {
  it('finds what is due and nothing that is not', async () => {
    const { watch } = createTable();
    await watch.store.put(item('early', 100));
    await watch.store.put(item('late', 200));

    const found = async (to: number) => (await watch.query(dueUntil(to))).items.map(({ pk }) => pk);

    expect(await found(99)).toEqual([]);
    expect(await found(100)).toEqual(['early']);
    expect(await found(250)).toEqual(['early', 'late']);
  });

  it('does not ask the store again before the next entry is due', async () => {
    const { store, watch } = createTable();
    await watch.store.put(item('a', 100));
    await watch.store.put(item('a', 5000));
    await watch.query(dueUntil(100));
    const before = store.meter.calls.query;

    for (let ms = 101; ms < 5000; ms++) await watch.query(dueUntil(ms));

    expect(store.meter.calls.query).toBe(before);
    expect((await watch.query(dueUntil(5000))).items).toHaveLength(1);
  });

  it('always answers what the store answers, whatever was written in between', async () => {
    const random = createRandom(5);
    const { store, watch } = createTable();
    const buckets = ['due#00', 'due#01'];
    for (let step = 0; step < 3000; step++) {
      const name = `s${random.int(6)}`;
      const bucket = buckets[random.int(2)] as string;
      const due = random.int(4) === 0 ? null : step + random.int(50);
      if (random.int(3) > 0) await watch.store.put(item(name, due, bucket));
      else if (due !== null) await watch.store.update({ pk: name, sk: 'k' }, { due });
      const range = dueUntil(step - 5 + random.int(20), buckets[random.int(2)]);

      expect(await watch.query(range)).toEqual(await store.query(range));
    }
  });

  it('says until when nothing is due, and tells when that has become earlier', async () => {
    const { watch } = createTable();
    const told: number[] = [];
    watch.quiet.watch(() => told.push(watch.quiet.untilMs()));
    expect(watch.quiet.untilMs()).toBe(Number.POSITIVE_INFINITY);

    await watch.store.put(item('late', 500));
    await watch.store.put(item('later', 900, 'due#01'));
    await watch.store.put(item('early', 300, 'due#01'));
    expect(told).toEqual([500, 500, 300]);

    // Closed: that is found out when it would have been due.
    await watch.store.put(item('early', null));
    expect(watch.quiet.untilMs()).toBe(300);
    await watch.query(dueUntil(310, 'due#01'));
    expect(watch.quiet.untilMs()).toBe(500);
  });
});
