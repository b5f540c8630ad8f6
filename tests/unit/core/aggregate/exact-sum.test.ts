import { exactSum } from '../../../helper/exact-number';
import { createChoices } from '../../../helper/random';
import { planOf, resultOf, windowOf } from './build';

const MAX = Number.MAX_VALUE;
const MIN = Number.MIN_VALUE;

describe.each([
  { name: 'ten tenths', values: Array(10).fill(0.1), expected: 1 },
  { name: 'a huge cancellation', values: [1e100, 1, -1e100], expected: 1 },
  { name: 'a cancellation beyond the huge threshold', values: [1e300, 1, -1e300], expected: 1 },
  { name: 'the whole range', values: [1e308, MIN, -1e308], expected: MIN },
  { name: 'the greatest double and half a unit less', values: [MAX, 2 ** 969], expected: MAX },
  { name: 'a tie to even', values: [2 ** 53, 1], expected: 2 ** 53 },
  { name: 'a tie broken upwards far below', values: [2 ** 53, 1, MIN], expected: 2 ** 53 + 2 },
  {
    name: 'a tie broken downwards far below',
    values: [2 ** 53 + 2, 1, -MIN],
    expected: 2 ** 53 + 2,
  },
  { name: 'an odd tie', values: [2 ** 53 + 2, 1], expected: 2 ** 53 + 4 },
  {
    name: 'a huge tie broken far below',
    values: [2 ** 1000, 2 ** 947, MIN],
    expected: 2 ** 1000 + 2 ** 948,
  },
  {
    name: 'a huge tie broken downwards far below',
    values: [2 ** 1000 + 2 ** 948, 2 ** 947, -MIN],
    expected: 2 ** 1000 + 2 ** 948,
  },
  { name: 'negative zeros', values: [-0, -0], expected: 0 },
  { name: 'subnormals', values: [MIN, MIN, MIN], expected: 3 * MIN },
])('sum of $name', ({ values, expected }) => {
  it.each([
    ['in order', values],
    ['reversed', values.toReversed()],
  ])('%s', (_, ordered) => {
    expect(resultOf('sum', ordered)).toBe(expected);
  });
});

it('10,000 decimals have the correctly rounded sum, and the same state in any order', () => {
  const { next } = createChoices(1);
  const values = Array.from({ length: 10_000 }, () => Math.round(next() * 1e6) / 1e3);
  const plan = planOf('sum');

  const forwards = windowOf(plan, values);
  const backwards = windowOf(plan, values.toReversed());

  expect(resultOf('sum', values)).toBe(exactSum(values));
  expect(plan.encode(forwards)).toEqual(plan.encode(backwards));
  expect(plan.encode(forwards)[1]).toHaveLength(3);
});

it('values over the whole range need a bounded state', () => {
  const { next } = createChoices(2);
  const values = Array.from(
    { length: 3_000 },
    () => (next() - 0.5) * 2 ** Math.floor(next() * 2096 - 1074),
  );
  const plan = planOf('sum');

  const window = windowOf(plan, values);

  expect(plan.results(window, 1)).toEqual({ sum: exactSum(values) });
  expect(plan.bytes(window)).toBeLessThanOrEqual(plan.bytesMax);
});
