import type { TopEntry } from '@millrace/core/aggregate/aggregate';
import { createChoices } from '../../../helper/random';
import { planOf, restored, spec, windowOfInputs } from './build';

const plan = planOf(spec('top:p', 5));

function topOf(window: ReturnType<typeof plan.create>): readonly TopEntry[] {
  return plan.results(window, 1)['top:p'] as readonly TopEntry[];
}

it('lists by count, then numbers before texts before booleans, each in order', () => {
  const values = ['b', true, 10, 'a', 9, 'z', 'z', 'B', false];
  const all = planOf(spec('top:p', 20));
  const entries = all.results(windowOfInputs(all, values), 1)['top:p'] as readonly TopEntry[];
  expect(entries.map(({ value }) => value)).toEqual(['z', 9, 10, 'B', 'a', 'b', false, true]);
});

it('is exact up to 64 values', () => {
  const values = Array.from({ length: (64 * 65) / 2 }, (_, i) =>
    Math.floor(Math.sqrt(2 * i + 0.25) + 0.5),
  );
  const entries = topOf(windowOfInputs(plan, values));
  expect(entries).toEqual([64, 63, 62, 61, 60].map((value) => ({ value, count: value, error: 0 })));
});

it('lists ten values when k is not set, and keeps four counters for each when it is', () => {
  const values = Array.from({ length: 100 }, (_, i) => i);
  const byDefault = planOf('top');
  const large = planOf(spec('top:p', 25));
  const window = windowOfInputs(large, values);
  const defaults = byDefault.create();
  for (const value of values) byDefault.add(defaults, [value], 0);
  expect(byDefault.results(defaults, 1).top).toHaveLength(10);
  expect(large.results(window, 1)['top:p']).toEqual(
    values.slice(0, 25).map((value) => ({ value, count: 1, error: 0 })),
  );
});

it('two lists of one input share the larger capacity', () => {
  const both = planOf({ ...spec('top:p', 2), as: 'two' }, { ...spec('top:p', 30), as: 'thirty' });
  const window = windowOfInputs(
    both,
    Array.from({ length: 120 }, (_, i) => i),
  );
  expect(window.cells).toHaveLength(1);
  expect(both.results(window, 1).two).toHaveLength(2);
  expect(both.results(window, 1).thirty).toHaveLength(30);
});

describe('with more values than counters', () => {
  /** Skewed: value v turns up in proportion to 1 / v^1.5, over 2,000 values. */
  const { next } = createChoices(4);
  const values = Array.from({ length: 20_000 }, () => Math.min(2_000, Math.floor(next() ** -2)));
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);

  const parts = [0, 1, 2, 3].map((part) =>
    windowOfInputs(
      plan,
      values.filter((_, i) => i % 4 === part),
    ),
  );
  const windows = {
    'in one pass': windowOfInputs(plan, values),
    'merged from four': plan.merge(
      plan.merge(parts[0]!, parts[1]!),
      plan.merge(parts[2]!, parts[3]!),
    ),
  };

  it.each(Object.entries(windows))('the true count lies in the bounds, %s', (_, window) => {
    for (const { value, count, error } of topOf(window)) {
      const truth = counts.get(value as number) ?? 0;
      expect(truth).toBeLessThanOrEqual(count);
      expect(truth).toBeGreaterThanOrEqual(count - error);
    }
  });

  it.each(Object.entries(windows))('the most frequent come first, %s', (_, window) => {
    expect(topOf(window).map(({ value }) => value)).toEqual([1, 2, 3, 4, 5]);
  });

  it('no error exceeds the 64th part of the values in one pass', () => {
    const all = planOf(spec('top:p', 16));
    const entries = all.results(windowOfInputs(all, values), 1)['top:p'] as readonly TopEntry[];
    for (const { error } of entries) expect(error).toBeLessThanOrEqual(values.length / 64);
  });

  it('a stop to store the state changes nothing of what follows', () => {
    let stored = plan.create();
    values.slice(0, 3_000).forEach((value, i) => {
      plan.add(stored, [1, value], 0);
      if (i % 97 === 0) stored = restored(plan, stored);
    });
    const straight = windowOfInputs(plan, values.slice(0, 3_000));
    expect(plan.encode(stored)).toEqual(plan.encode(straight));
    expect(plan.bytes(stored)).toBe(plan.bytes(straight));
  });
});

describe('long texts', () => {
  it.each([
    ['ASCII', 'a'.repeat(300), 'a'.repeat(256)],
    ['three-byte units', '界'.repeat(300), '界'.repeat(128)],
    ['surrogate pairs', '😀'.repeat(300), '😀'.repeat(96)],
    ['a pair across the limit', `${'a'.repeat(255)}😀`, 'a'.repeat(255)],
    ['lone surrogates', '\ud800'.repeat(300), '\ud800'.repeat(64)],
    ['control characters', '\u0001'.repeat(300), '\u0001'.repeat(64)],
    ['256 units', `${'a'.repeat(254)}é!`, `${'a'.repeat(254)}é!`],
  ])('of %s are cut', (_, text, expected) => {
    const both = planOf('top:p', 'first:p', 'last:p');
    const results = both.results(windowOfInputs(both, [text]), 1);
    expect(results).toEqual({
      'top:p': [{ value: expected, count: 1, error: 0 }],
      'first:p': expected,
      'last:p': expected,
    });
  });

  it.each(['a', '"', '界', '😀', '\ud800', '\u0001', 'é'])(
    'fill the state with %j to no more than bytesMax',
    (character) => {
      const window = windowOfInputs(
        plan,
        Array.from({ length: 100 }, (_, i) => `${i}${character.repeat(300)}`),
      );
      const size = Buffer.byteLength(JSON.stringify(plan.encode(window)));
      expect(size).toBeLessThanOrEqual(plan.bytes(window));
      expect(plan.bytes(window)).toBeLessThanOrEqual(plan.bytesMax);
    },
  );
});
