import { exactMean, exactSum, exactVariance } from '../../helper/exact-number';

describe.each<[string, number[], number]>([
  ['nothing', [], 0],
  ['one value', [0.1], 0.1],
  ['a tiny beside a huge one, which is taken away again', [1, 1e100, 1, -1e100], 2],
  ['a tie that the smallest double breaks', [2 ** 53, 1, 5e-324], 2 ** 53 + 2],
  ['a tie, to even', [2 ** 53, 1], 2 ** 53],
  ['subnormal numbers', [5e-324, 5e-324], 1e-323],
  ['more than a double holds', [1.7e308, 1.7e308], Number.POSITIVE_INFINITY],
  ['less than a double holds', [-1.7e308, -1.7e308], Number.NEGATIVE_INFINITY],
])('given %s', (_input, values, expected) => {
  it('rounds the sum once', () => {
    expect(exactSum(values)).toBe(expected);
  });
});

it('given values far from zero, the mean and the variance do not lose the small difference', () => {
  const values = [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16];

  expect(exactMean(values)).toBe(1e9 + 10);
  expect(exactVariance(values)).toBe(22.5);
});
