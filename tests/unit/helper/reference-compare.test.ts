import type { AggregateValue } from '@millrace/core/aggregate/aggregate';
import type { ExpectedValue } from '../../helper/reference-aggregate';
import {
  isAsExpected,
  quarantineDifferences,
  rowDifferences,
} from '../../helper/reference-compare';

const near: ExpectedValue = { kind: 'near', value: 100, relative: 0.01 };
const top: ExpectedValue = {
  kind: 'top',
  k: 2,
  counts: new Map([
    ['a', 3],
    ['b', 2],
    ['c', 2],
  ]),
};

describe.each<[string, ExpectedValue, AggregateValue, boolean]>([
  ['the same number', { kind: 'exact', oneOf: [1] }, 1, true],
  ['one of two open choices', { kind: 'exact', oneOf: [1, 2] }, 2, true],
  ['the next double', { kind: 'exact', oneOf: [1] }, 1 + Number.EPSILON, false],
  ['null for a number', { kind: 'exact', oneOf: [0] }, null, false],
  ['a quantile at the bound', near, 101, true],
  ['a quantile beyond the bound', near, 101.1, false],
  ['a quantile that is null', near, null, false],
  ['64 distinct values', { kind: 'distinct', count: 64 }, 64, true],
  ['64 distinct values, estimated', { kind: 'distinct', count: 64 }, 65, false],
  ['100 distinct values, estimated', { kind: 'distinct', count: 100 }, 104, true],
  ['100 distinct values, estimated badly', { kind: 'distinct', count: 100 }, 106, false],
  ['the top, one of a tie', top, [entry('a', 3), entry('c', 2)], true],
  ['the top, unsorted', top, [entry('c', 2), entry('a', 3)], false],
  ['the top, without the greatest', top, [entry('b', 2), entry('c', 2)], false],
  ['the top, one missing', top, [entry('a', 3)], false],
  ['the top, a count beyond its error', top, [entry('a', 5, 1), entry('b', 2)], false],
  ['the top, a count within its error', top, [entry('a', 4, 1), entry('b', 2)], true],
])('given %s', (_input, expected, actual, verdict) => {
  it(verdict ? 'agrees' : 'disagrees', () => {
    expect(isAsExpected(expected, actual)).toBe(verdict);
  });
});

describe('given rows', () => {
  const row = { metric: 'm', series: 's', startMs: 0, endMs: 60_000, rev: 2, late: 1 };
  const expected = { ...row, values: { count: { kind: 'exact', oneOf: [3] } as const } };
  const actual = { ...row, values: { count: 3 } };

  it.each<[string, (typeof actual)[], number]>([
    ['the same row', [actual], 0],
    ['no row', [], 1],
    ['the row twice', [actual, actual], 1],
    ['another window', [{ ...actual, startMs: 1 }], 2],
    ['a lost revision and a lost late record', [{ ...actual, rev: 1, late: 0 }], 2],
    ['a lost value', [{ ...actual, values: { count: 2 } }], 1],
  ])('%s: finds as many differences as there are', (_input, rows, count) => {
    expect(rowDifferences([expected], rows)).toHaveLength(count);
  });
});

it('given a quarantine entry twice and one with other bytes, finds both', () => {
  const entry = {
    ...{ reason: 'json', metric: null, shard: 's', sequence: '1', sub: 0, partitionKey: 'k' },
    ...{ arrivalMs: 0, data: Buffer.from('x') },
  };
  const other = { ...entry, sequence: '2' };

  const found = quarantineDifferences(
    [entry, other],
    [entry, entry, { ...other, data: Buffer.from('y') }],
  );

  expect(found).toHaveLength(3);
});

function entry(value: string, count: number, error = 0) {
  return { value, count, error };
}
