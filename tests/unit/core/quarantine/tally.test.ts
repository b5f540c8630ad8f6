import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import type { Item } from '@millrace/core/port';
import { TALLY_SK, tallyExpired, tallyOf } from '@millrace/core/quarantine/tally';

const PK = 'Q#events#shard-0#00';
/** Long after the time of every entry below. */
const NOW_MS = Date.UTC(2026, 0, 5);

const entry = (sequence: number, more: Omit<Item, 'pk' | 'sk'>): Item => ({
  ...{ pk: PK, sk: `003:${sequence}`, ttl: 1, kind: 'record', invalid: 2, unmatched: 0 },
  body: JSON.stringify([['json', null, 'not JSON', 2, [0, 1]]]),
  ...more,
});

function stage(...items: readonly Item[]) {
  const control = createKeyValueStore({ map: createMemoryMap(), table: 'control' });
  const tally = async () => {
    await tallyExpired(control, PK, { nowMs: NOW_MS, pagesMax: 10 });
    const [item] = await control.getMany([{ pk: PK, sk: TALLY_SK }]);
    return tallyOf(item);
  };
  return { control, tally, fill: () => Promise.all(items.map((item) => control.put(item))) };
}

test.each([
  ['a body that is no JSON', { body: '[["json"' }, 2],
  ['a body that is no list', { body: '7' }, 2],
  ['a count that is no number', { body: 'null', invalid: 'many' }, 0],
])('%s stops no other entry: its own count is kept as it stands', async (_name, more, count) => {
  const run = stage(entry(101, {}), entry(102, more), entry(103, {}));
  await run.fill();

  const { invalid, counts, through } = await run.tally();

  expect({ invalid, through }).toEqual({ invalid: 4 + count, through: '003:103' });
  expect(counts).toContainEqual(['json', null, 4]);
  if (count > 0) expect(counts).toContainEqual(['unreadable', null, count]);
});

test('where nothing is over one look of two entries is all', async () => {
  const later = { ttl: NOW_MS };
  const run = stage(...Array.from({ length: 50 }, (_, at) => entry(101 + at, later)));
  await run.fill();
  const limits: unknown[] = [];
  const { control } = run;
  const watched = {
    ...control,
    query: (range: Parameters<typeof control.query>[0]) => {
      limits.push(range.limit);
      return control.query(range);
    },
  };

  expect(await tallyExpired(watched, PK, { nowMs: NOW_MS, pagesMax: 10 })).toBe(1);

  expect(limits).toEqual([2]);
});
