import { planAggregates } from '@millrace/core/aggregate/plan';
import { BugError, NewerStateError } from '@millrace/core/error';
import { planOf, restored, resultOf, spec, WINDOW_MS, windowOf, windowOfInputs } from './build';

describe.each([
  { op: 'count', empty: 0, of: [3, 1, 2], expected: 3 },
  { op: 'sum', empty: 0, of: [0.1, 0.2, 0.3], expected: 0.6 },
  { op: 'mean', empty: null, of: [1, 2, 6], expected: 3 },
  { op: 'min', empty: null, of: [3, -1, 2], expected: -1 },
  { op: 'max', empty: null, of: [-3, -1, -2], expected: -1 },
  { op: 'first', empty: null, of: [3, 1, 2], expected: 3 },
  { op: 'last', empty: null, of: [3, 1, 2], expected: 2 },
  { op: 'variance', empty: null, of: [2, 4, 4, 4, 5, 5, 7, 9], expected: 4 },
  { op: 'stddev', empty: null, of: [2, 4, 4, 4, 5, 5, 7, 9], expected: 2 },
  { op: 'rate', empty: 0, of: [5, 5, 5], expected: 0.05 },
  { op: 'p50', empty: null, of: [4, 1, 3, 2], expected: 2 },
  { op: 'p90', empty: null, of: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], expected: 10 },
  { op: 'p95', empty: null, of: [1, 2, 3], expected: 2 },
  { op: 'p99', empty: null, of: [7], expected: 7 },
  { op: 'p999', empty: null, of: [1, 2], expected: 1 },
  { op: 'distinct', empty: 0, of: [1, 2, 1, -0, 0], expected: 3 },
  {
    op: 'top',
    empty: [],
    of: [2, 1, 2],
    expected: [
      { value: 2, count: 2, error: 0 },
      { value: 1, count: 1, error: 0 },
    ],
  },
])('$op', ({ op, empty, of, expected }) => {
  it('of no values', () => {
    expect(resultOf(op, [])).toEqual(empty);
  });

  it(`of ${JSON.stringify(of)}`, () => {
    expect(resultOf(op, of)).toEqual(expected);
  });
});

describe('first and last', () => {
  const plan = planOf('first', 'last');
  const arrivals = [
    { value: 1, atMs: 20 },
    { value: 2, atMs: 10 },
    { value: 3, atMs: 30 },
    { value: 4, atMs: 10 },
    { value: 5, atMs: 30 },
  ];

  it('go by event time, and by arrival among ties', () => {
    const window = plan.create();
    for (const { value, atMs } of arrivals) plan.add(window, [value], atMs);
    expect(plan.results(window, WINDOW_MS)).toEqual({ first: 2, last: 5 });
  });

  it.each([1, 2, 3, 4])('stay the same when merged from parts cut after %i', (cut) => {
    const parts = [arrivals.slice(0, cut), arrivals.slice(cut)].map((part) => {
      const window = plan.create();
      for (const { value, atMs } of part) plan.add(window, [value], atMs);
      return window;
    });
    const merged = plan.merge(parts[0]!, parts[1]!);
    expect(plan.results(merged, WINDOW_MS)).toEqual({ first: 2, last: 5 });
  });
});

describe('own paths', () => {
  const inputs = [3, 'x', undefined, true, 5, ''];

  it.each([
    ['count:p', 5],
    ['rate:p', 5 / 60],
    ['sum:p', 8],
    ['mean:p', 4],
    ['max:p', 5],
    ['p50:p', 3],
    ['variance:p', 1],
    ['first:p', 3],
    ['last:p', ''],
    ['distinct:p', 5],
  ])('%s skips what it cannot use', (text, expected) => {
    const plan = planOf(text);
    expect(plan.results(windowOfInputs(plan, inputs), WINDOW_MS)).toEqual({ [text]: expected });
  });

  it('keep their slots in order of first use, whatever the metric value is', () => {
    const plan = planOf('count:b', 'sum:a', 'mean', 'max:b', 'count');
    const window = plan.create();
    plan.add(window, [10, 1, 2], 0);
    plan.add(window, [20, undefined, 3], 0);
    const expected = { 'count:b': 1, 'sum:a': 5, mean: 15, 'max:b': 1, count: 2 };
    expect(plan.results(window, WINDOW_MS)).toEqual(expected);
    expect(Object.keys(plan.results(window, WINDOW_MS))).toEqual(Object.keys(expected));
  });
});

it.each([
  { specs: ['count', 'sum', 'mean', 'rate'], cells: 1 },
  { specs: ['count', 'variance', 'stddev', 'rate'], cells: 1 },
  { specs: ['p50', 'p99', 'min', 'max', 'count'], cells: 1 },
  { specs: ['count', 'min', 'mean', 'max'], cells: 3 },
  { specs: ['count:a', 'sum:a', 'count', 'sum:b'], cells: 4 },
])('$specs take $cells cells', ({ specs, cells }) => {
  expect(planOf(...specs).create().cells).toHaveLength(cells);
});

it('an output named __proto__ is an ordinary field', () => {
  const plan = planOf({ ...spec('count'), as: '__proto__' });
  expect(JSON.stringify(plan.results(plan.create(), WINDOW_MS))).toBe('{"__proto__":0}');
});

describe('a measurement that would make a result infinite', () => {
  const ALL = ['count', 'sum', 'variance', 'max', 'p50', 'first', 'last', 'distinct', 'top'];
  const plan = planOf(...ALL, 'sum:own', 'last:own');

  it.each([
    { what: 'a sum beyond the doubles', before: [5, 1e308], inputs: [1, 1.2e308] },
    { what: 'a variance beyond the doubles', before: [0, 5], inputs: [1e200, 1] },
    { what: 'an infinite input', before: [1, 5], inputs: [1, Number.POSITIVE_INFINITY] },
    { what: 'a NaN', before: [1, 5], inputs: [1, Number.NaN] },
    { what: 'a sum below the doubles', before: [1, -1.7e308], inputs: [1, -1.7e308] },
  ])('$what is refused and changes nothing', ({ before, inputs }) => {
    const window = plan.create();
    expect(plan.add(window, before, 0)).toBe(true);
    const encoded = JSON.stringify(plan.encode(window));

    const added = plan.add(window, inputs, -1);

    expect(added).toBe(false);
    expect(JSON.stringify(plan.encode(window))).toBe(encoded);
    expect(plan.add(window, [2, 2], 1)).toBe(true);
    expect(plan.results(window, WINDOW_MS)).toMatchObject({ count: 2, 'last:own': 2 });
  });

  it('is accepted when only an intermediate sum would have been infinite', () => {
    const sums = planOf('sum', 'mean');
    const merged = sums.merge(windowOf(sums, [1.7e308]), windowOf(sums, [1.7e308]));
    expect(sums.results(merged, WINDOW_MS)).toEqual({ sum: null, mean: null });
    expect(sums.add(restored(sums, merged), [1], 0)).toBe(false);
    expect(sums.add(merged, [-1.7e308], 0)).toBe(true);
    expect(sums.results(merged, WINDOW_MS)).toEqual({ sum: 1.7e308, mean: 1.7e308 / 3 });
  });

  it('answers null for a variance whose parts were merged beyond the doubles', () => {
    const variance = planOf('variance', 'count');
    const part = windowOf(variance, [1e300]);
    const merged = variance.merge(windowOf(variance, [-1e300]), part);
    const back = variance.merge(restored(variance, merged), part);
    expect(variance.results(back, WINDOW_MS)).toEqual({ variance: null, count: 3 });
    expect(variance.add(back, [0], 0)).toBe(false);
  });
});

describe('decode', () => {
  const plan = planOf('mean', 'variance', 'p99', 'first', 'distinct', 'top', 'count:p');
  const encoded = plan.encode(plan.create());

  it('of a higher version throws NewerStateError', () => {
    expect(() => plan.decode([3, ...encoded.slice(1)])).toThrow(NewerStateError);
  });

  it.each([
    ['nothing', []],
    ['version 0', [0, ...encoded.slice(1)]],
    ['a text for a version', ['1', ...encoded.slice(1)]],
    ['too few cells', encoded.slice(0, -1)],
    ['too many cells', [...encoded, 0]],
    ['null', null as unknown as readonly unknown[]],
    ...[
      [1, 'x'],
      [1, ['x']],
      [1, [-1]],
      [1, [1, 'x']],
      [1, [1.5]],
      [2, null],
      [2, [1, null, 0]],
      [3, [['x']]],
      [3, [0, 0, 0, -1, '\u0000']],
      [3, [0, 0, 0, -1, 'zz']],
      [3, [0, 0, -1, -1, '']],
      [4, [1, null]],
      [4, ['x', 1]],
      [5, 'abc'],
      [5, ['abc']],
      [5, [7]],
      [6, [0, ['a'], []]],
      [6, [0, ['a'], [1.5]]],
      [6, [0, [null], [1]]],
      [7, null],
      [7, -1],
    ].map(([cell, nonsense]): [string, readonly unknown[]] => [
      `${JSON.stringify(nonsense)} in cell ${cell}`,
      encoded.with(cell as number, nonsense),
    ]),
  ])('of %s throws BugError', (_, nonsense) => {
    expect(() => plan.decode(nonsense)).toThrow(BugError);
  });
});

it('merge leaves both parts as they were, and shares nothing with them', () => {
  const plan = planOf('sum', 'variance', 'max', 'p50', 'first', 'last', 'distinct', 'top');
  const many = Array.from({ length: 100 }, (_, i) => i * 1.1);
  const [a, b] = [windowOf(plan, many), windowOf(plan, [1, 2, 3])];
  const before = JSON.stringify([plan.encode(a), plan.encode(b)]);

  const merged = [plan.merge(a, b), plan.merge(b, a), plan.merge(b, plan.create())];
  for (const window of merged) {
    for (const value of [...many, 1e-9, 1e9]) plan.add(window, [value], -5);
  }

  expect(JSON.stringify([plan.encode(a), plan.encode(b)])).toBe(before);
});

it('the state of count, mean and max is small', () => {
  const plan = planOf('count', 'mean', 'max');
  const window = windowOf(plan, [57.3, 12.25, 99.1]);
  expect(JSON.stringify(plan.encode(window)).length).toBeLessThan(64);
  expect(plan.bytesMax).toBeLessThan(1_400);
});

describe('with coerce', () => {
  const specs = ['sum', 'max', 'p50', 'variance', 'count', 'distinct', 'last', 'top'].map((op) =>
    spec(`${op}:qty`),
  );

  it('aggregates of numbers read strings, the others keep them as they are', () => {
    const plan = planAggregates(specs, { coerce: true });
    const window = windowOfInputs(plan, ['1.50', 2, '1e1', '0x1f', true, '1.50']);
    expect(plan.results(window, WINDOW_MS)).toMatchObject({
      'sum:qty': 15,
      'max:qty': 10,
      'count:qty': 6,
      'distinct:qty': 5,
      'last:qty': '1.50',
    });
  });

  it('without it strings are no numbers', () => {
    const plan = planAggregates(specs);
    expect(plan.results(windowOfInputs(plan, ['1.50', 2]), WINDOW_MS)).toMatchObject({
      'sum:qty': 2,
      'count:qty': 2,
    });
  });

  it('a string beyond doubles is refused, and nothing of it stays', () => {
    const plan = planAggregates(specs, { coerce: true });
    const window = windowOfInputs(plan, ['1']);
    expect(plan.add(window, [1, '1e400'], 0)).toBe(false);
    expect(plan.results(window, WINDOW_MS)).toMatchObject({ 'sum:qty': 1, 'count:qty': 1 });
  });
});

describe('integers beyond 2^53', () => {
  const plan = planOf('count', 'first:id', 'last:id', 'distinct:id', 'top:id', 'sum:id', 'max:id');
  const ids = [
    9007199254740993n,
    9007199254740992n,
    9007199254740992,
    '9007199254740993',
    9007199254740993n,
  ];

  it('are told apart wherever they are identities, and are doubles where they are quantities', () => {
    const window = restored(plan, windowOfInputs(plan, ids));
    expect(plan.results(window, WINDOW_MS)).toEqual({
      count: 5,
      'first:id': 9007199254740993n,
      'last:id': 9007199254740993n,
      'distinct:id': 3,
      'top:id': [
        { value: 9007199254740992n, count: 2, error: 0 },
        { value: 9007199254740993n, count: 2, error: 0 },
        { value: '9007199254740993', count: 1, error: 0 },
      ],
      'sum:id': 4 * 2 ** 53,
      'max:id': 2 ** 53,
    });
  });

  it('merge like other values', () => {
    const parts = ids.map((id) => restored(plan, windowOfInputs(plan, [id])));
    const merged = parts.reduce((a, b) => plan.merge(a, b));
    expect(plan.results(merged, WINDOW_MS)).toEqual(
      plan.results(windowOfInputs(plan, ids), WINDOW_MS),
    );
  });

  it('only what holds one is written as version 2, so older code reads the rest', () => {
    expect(plan.encode(windowOfInputs(plan, [1, 'a']))[0]).toBe(1);
    expect(plan.encode(windowOfInputs(plan, [1n + 2n ** 53n]))[0]).toBe(2);
  });

  it('of the most digits still fit the bytes that a window may need', () => {
    const long = [-(10n ** 256n) + 1n];
    for (const op of ['first:id', 'last:id', 'top:id']) {
      const one = planOf(op);
      const window = windowOfInputs(one, long);
      const written = JSON.stringify(one.encode(window)).length;
      expect(written).toBeLessThanOrEqual(one.bytes(window));
      expect(one.bytes(window)).toBeLessThanOrEqual(one.bytesMax);
    }
  });

  it('that no double holds are refused by aggregates of numbers only', () => {
    const huge = 10n ** 255n * 10n ** 60n;
    expect(plan.add(plan.create(), [1, huge], 0)).toBe(false);
    const identities = planOf('last:id', 'distinct:id', 'top:id');
    expect(identities.add(identities.create(), [1, huge], 0)).toBe(true);
  });
});
