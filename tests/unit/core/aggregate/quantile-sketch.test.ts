import { createChoices } from '../../../helper/random';
import { planOf, resultOf, windowOf } from './build';

const OPS = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999 };

function sampleAt(values: readonly number[], quantile: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(quantile * (values.length - 1))] as number;
}

function relativeErrorMax(values: readonly number[]): number {
  const plan = planOf(...Object.keys(OPS));
  const results = plan.results(windowOf(plan, values), 1);
  const errors = Object.entries(OPS).map(([op, quantile]) => {
    const sample = sampleAt(values, quantile);
    const answer = results[op] as number;
    return answer === sample ? 0 : Math.abs(answer - sample) / Math.abs(sample);
  });
  return Math.max(...errors);
}

const { next } = createChoices(3);
const many = (make: (i: number) => number) => Array.from({ length: 5_000 }, (_, i) => make(i));

it.each([
  ['latencies', many(() => Math.exp(next() * 8))],
  ['small integers', many(() => Math.floor(next() * 50))],
  ['both signs', many(() => (next() - 0.5) * 1e4)],
  ['negatives', many(() => -(next() ** 3))],
  ['one value', many(() => 42.42)],
  ['two far values', many((i) => (i % 2 === 0 ? 1e-300 : 1e300))],
  ['the greatest double', many(() => Number.MAX_VALUE)],
  ['the least double', many(() => -Number.MAX_VALUE)],
  ['the least normal double', many((i) => 2 ** -1022 * (1 + (i % 7)))],
  ['1,000 bins', many((i) => 1.0162 ** (i % 1000))],
])('%s: every quantile is within 1 %% of its sample', (_, values) => {
  expect(relativeErrorMax(values)).toBeLessThanOrEqual(0.01);
});

it.each([1, 2, 10, 64])('%i values give exact quantiles', (n) => {
  expect(relativeErrorMax(many(() => next() * 1e3).slice(0, n))).toBe(0);
});

it('the 65th value ends exactness, not the error bound', () => {
  const values = Array.from({ length: 65 }, (_, i) => 1000 + i);
  const error = relativeErrorMax(values);
  expect(error).toBeGreaterThan(0);
  expect(error).toBeLessThanOrEqual(0.01);
});

it('subnormal numbers count as zero', () => {
  const values = [...Array(100).fill(5e-324), -1, 1];
  expect(resultOf('p50', values)).toBe(0);
});

it('zeros and subnormals answer with the least value when nothing is below it', () => {
  expect(resultOf('p50', Array(100).fill(5e-324))).toBe(5e-324);
});

describe('more magnitudes than bins', () => {
  /** 4,000 magnitudes of both signs, some 2 % apart: they need more than 1,024 bins. */
  const values = Array.from({ length: 4_000 }, (_, i) => 1.02 ** (i / 2) * (i % 2 === 0 ? 1 : -1));
  const plan = planOf('p50', 'p99', 'p999', 'min', 'max');

  it('collapse nearest zero: the far quantiles stay within 1 %', () => {
    const results = plan.results(windowOf(plan, values), 1);
    for (const [op, quantile] of [
      ['p99', 0.99],
      ['p999', 0.999],
    ] as const) {
      const sample = sampleAt(values, quantile);
      expect(Math.abs((results[op] as number) - sample) / sample).toBeLessThanOrEqual(0.01);
    }
    expect(results).toMatchObject({ min: Math.min(...values), max: Math.max(...values) });
  });

  it('give the same state in any order and from any parts', () => {
    const whole = plan.encode(windowOf(plan, values));
    const shuffled = values.toSorted((a, b) => Math.sin(a) - Math.sin(b));
    const thirds = [0, 1, 2].map((part) =>
      windowOf(
        plan,
        values.filter((_, i) => i % 3 === part),
      ),
    );
    const merged = plan.merge(thirds[2]!, plan.merge(thirds[0]!, thirds[1]!));

    expect(plan.encode(windowOf(plan, shuffled))).toEqual(whole);
    expect(plan.encode(merged)).toEqual(whole);
  });

  it('keep the state bounded', () => {
    const window = windowOf(plan, values);
    const bytes = JSON.stringify(plan.encode(window)).length;
    expect(bytes).toBeLessThanOrEqual(plan.bytes(window));
    expect(plan.bytes(window)).toBeLessThanOrEqual(plan.bytesMax);
    expect(bytes).toBeLessThan(4_000);
  });
});
