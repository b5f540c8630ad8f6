import type { Group } from '@millrace/core/commit/group';
import { spreadSeries } from '../../../../functions/stream-consumer/spread-series';

/** Groups of a batch: so many partition keys for each series. */
function groups(keys: Readonly<Record<string, number>>): Group[] {
  return Object.entries(keys).flatMap(([series, count]) =>
    Array.from(
      { length: count },
      (_, at) => ({ key: { metric: 'm', series, partitionKey: `${at}` } }) as Group,
    ),
  );
}

test.each([
  ['nothing', {}, 0],
  ['many series under a key each', Object.fromEntries([...'abcdefghijkl'].map((s) => [s, 1])), 0],
  ['one series under eight', { a: 8 }, 0],
  ['one series under nine', { a: 9, b: 8 }, 1],
  ['two series under many', { a: 20, b: 20, c: 1 }, 2],
])('%s', (_name, keys, expected) => {
  expect(spreadSeries(groups(keys))).toBe(expected);
});
