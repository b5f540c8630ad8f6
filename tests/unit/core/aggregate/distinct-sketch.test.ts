import { planOf, windowOfInputs } from './build';

const plan = planOf('distinct:p');

function distinct(values: readonly (string | number | boolean | undefined)[]): number {
  return plan.results(windowOfInputs(plan, values), 1)['distinct:p'] as number;
}

it.each([
  { values: [1, '1', true, 'true'], expected: 4 },
  { values: [0, -0, '0', false, ''], expected: 4 },
  { values: ['a', 'a\u0000', 'a\u0000\u0000', '\u0000a', 'aaaa', 'aaaa\u0000'], expected: 6 },
  { values: [undefined, undefined], expected: 0 },
  { values: [1e308, -1e308, 5e-324, 0.1, 0.30000000000000004, 0.3], expected: 6 },
  { values: ['𝒳', '\ud835', '\udcb3'], expected: 3 },
])('$values: $expected', ({ values, expected }) => {
  expect(distinct(values)).toBe(expected);
});

it('64 values, each seen three times, are counted exactly', () => {
  const values = Array.from({ length: 192 }, (_, i) => `user-${i % 64}`);
  expect(distinct(values)).toBe(64);
});

/** Independent sets of each kind and size; 1 % of them, rounded up, may be off by more than 5 %. */
describe.each([
  ['integers', (set: number, i: number) => set * 1e6 + i],
  ['sequential ids', (set: number, i: number) => `user-${set}-${i}`],
  ['decimals', (set: number, i: number) => set + i / 1024],
  ['long texts that end alike', (set: number, i: number) => `${i}/${set}${'x'.repeat(40)}`],
])('%s', (_, make) => {
  it.each([65, 300, 3_000, 12_000])(
    '%i values are estimated within 5 %% in 99 %% of the sets',
    (size) => {
      const sets = Math.min(100, 60_000 / size);
      let misses = 0;
      let errors = 0;
      for (let set = 0; set < sets; set += 1) {
        const estimate = distinct(Array.from({ length: size }, (__, i) => make(set, i)));
        errors += (estimate - size) / size;
        if (Math.abs(estimate - size) > 0.05 * size) misses += 1;
      }
      expect(misses).toBeLessThanOrEqual(Math.ceil(sets / 100));
      expect(Math.abs(errors / sets)).toBeLessThan(0.02);
    },
  );
});

it('300,000 values are estimated within 5 %', () => {
  const window = plan.create();
  for (let i = 0; i < 300_000; i += 1) plan.add(window, [1, i], 0);
  const estimate = plan.results(window, 1)['distinct:p'] as number;
  expect(Math.abs(estimate - 3e5)).toBeLessThan(1.5e4);
});

it.each([1, 64, 65, 200, 1_000, 50_000])('%i values fit the promised bytes', (size) => {
  const window = windowOfInputs(
    plan,
    Array.from({ length: size }, (_, i) => `v${i}`),
  );
  const text = JSON.stringify(plan.encode(window));
  expect(text.length).toBeLessThanOrEqual(plan.bytes(window));
  expect(plan.bytes(window)).toBeLessThanOrEqual(plan.bytesMax);
  expect(plan.bytesMax).toBeLessThan(4_200);
  expect(JSON.stringify(text)).toHaveLength(text.length + 2 + (text.split('"').length - 1));
});
