import { aggregateInputs, slotOf } from '@millrace/core/aggregate/inputs';
import { parseJson } from '@millrace/core/json/parse-json';
import type { JsonRecord } from '@millrace/core/pipeline/pipeline';
import { DEDUPE_KEY_BYTES_MAX } from '@millrace/core/record/dedupe-key';
import { measure } from '@millrace/core/record/measure';
import { oneMetric } from '../../../helper/metric';

const ARRIVAL_MS = 1_607_497_475_000;
const EVENT_MS = ARRIVAL_MS - 1_000;
const good = { s: 'a', t: EVENT_MS, v: 1.5 };

/** `null`, the reason of a rejection, or `measurement`. */
function outcome(record: JsonRecord, metric: Record<string, unknown> = {}): string | null {
  const result = measure(record, oneMetric(metric), ARRIVAL_MS);
  return result?.kind === 'rejection' ? result.reason : (result?.kind ?? null);
}

function measurementOf(record: JsonRecord, overrides: Record<string, unknown> = {}) {
  const result = measure(record, oneMetric(overrides), ARRIVAL_MS);
  if (result?.kind !== 'measurement')
    throw new Error(`not a measurement: ${JSON.stringify(result)}`);
  return result;
}

describe('measure', () => {
  test('a good record is a measurement', () => {
    const metric = oneMetric();
    expect(measure(good, metric, ARRIVAL_MS)).toEqual({
      kind: 'measurement',
      metric,
      series: 'a',
      eventMs: EVENT_MS,
      inputs: [1.5],
      dedupeKey: null,
    });
  });

  test('absent settings are the arrival, 1 and the one series', () => {
    const metric = { series: [], time: undefined, value: undefined };
    expect(measurementOf({}, metric)).toMatchObject({
      series: '*',
      eventMs: ARRIVAL_MS,
      inputs: [1],
    });
  });

  test.each([
    ['series before time', { v: 'x' }, 'series'],
    ['time before value', { s: 'a', v: 'x' }, 'time'],
    ['value before future', { s: 'a', t: ARRIVAL_MS * 2, v: 'x' }, 'value'],
    ['past after future', { s: 'a', t: 0, v: 1 }, 'past'],
    ['future', { s: 'a', t: ARRIVAL_MS * 2, v: 1 }, 'future'],
  ])('the first that fails is the reason: %s', (_name, record, reason) => {
    expect(outcome(record, { maxPastSkew: '1d' })).toBe(reason);
  });

  test.each([
    ['a missing series', { s: undefined }, 'series'],
    ['a series that is a list', { s: ['a'] }, 'series'],
    ['a missing time', { t: undefined }, 'time'],
    ['a null time', { t: null }, 'time'],
    ['an impossible date', { t: '2020-02-30T00:00Z' }, 'time'],
    ['a missing value', { v: undefined }, 'value'],
    ['a null value', { v: null }, 'value'],
    ['a value that is a text', { v: '1' }, 'value'],
    ['a value beyond doubles', { v: JSON.parse('1e400') }, 'value'],
    ['a boolean value', { v: true }, 'value'],
    ['1 ms too far in the future', { t: ARRIVAL_MS + 60_001 }, 'future'],
    ['as far in the future as allowed', { t: ARRIVAL_MS + 60_000 }, 'measurement'],
    ['a fraction rounded down to what is allowed', { t: ARRIVAL_MS + 60_000.9 }, 'measurement'],
    ['a very old time', { t: 0 }, 'measurement'],
  ])('%s: %s', (_name, fields, expected) => {
    expect(outcome({ ...good, ...fields })).toBe(expected);
  });

  test.each([
    ['as far in the past as allowed', ARRIVAL_MS - 3_600_000, 'measurement'],
    ['1 ms too far in the past', ARRIVAL_MS - 3_600_001, 'past'],
    ['seconds that are read as milliseconds', ARRIVAL_MS / 1000, 'past'],
  ])('maxPastSkew of an hour, %s: %s', (_name, t, expected) => {
    expect(outcome({ ...good, t }, { maxPastSkew: '1h' })).toBe(expected);
  });

  test('with coerce a string that is written like a number is one at the paths of aggregates too', () => {
    const aggregates = [
      'sum',
      ...['a', 'b', 'c', 'd'].map((path) => ({ op: 'sum', path, as: path })),
    ];
    const record = { ...good, v: '1', a: '12.5', b: '12.50', c: '1e400', d: 'x' };
    expect(measurementOf(record, { coerce: true, aggregates }).inputs).toEqual([
      1,
      12.5,
      '12.50',
      '1e400',
      'x',
    ]);
    expect(measurementOf({ ...record, v: 1 }, { aggregates }).inputs).toEqual([
      1,
      '12.5',
      '12.50',
      '1e400',
      'x',
    ]);
  });

  test('with coerce a string that is exactly a JSON number counts, and a number still does', () => {
    const metric = { coerce: true };
    expect(measurementOf({ ...good, v: '-1.5e1' }, metric).inputs).toEqual([-15]);
    expect(measurementOf({ ...good, v: 2 }, metric).inputs).toEqual([2]);
    expect(outcome({ ...good, v: '1 ' }, metric)).toBe('value');
  });

  test('a rejection says where and what', () => {
    expect(measure({ ...good, v: 'high' }, oneMetric(), ARRIVAL_MS)).toMatchObject({
      reason: 'value',
      detail: 'v: expected a finite number, got "high" ("coerce" is off)',
    });
  });
});

describe('match', () => {
  test.each<[Record<string, unknown>, JsonRecord, boolean]>([
    [{}, {}, true],
    [{ k: 'a' }, { k: 'a' }, true],
    [{ k: 'a' }, { k: 'b' }, false],
    [{ k: 'a' }, {}, false],
    [{ k: 1 }, { k: '1' }, false],
    [{ k: '1' }, { k: 1 }, false],
    [{ k: false }, { k: 0 }, false],
    [{ k: 0 }, { k: -0 }, true],
    [{ k: null }, { k: null }, true],
    [{ k: null }, {}, false],
    [{ k: [null, 'a'] }, {}, false],
    [{ k: ['a', 'b'] }, { k: 'b' }, true],
    [{ k: ['a', 'b'] }, { k: 'c' }, false],
    [{ k: ['a', 'b'] }, { k: ['a', 'b'] }, false],
    [{ k: ['a'] }, { k: ['a'] }, false],
    [{ k: [...'abcdefghij', null, 0] }, { k: 'j' }, true],
    [{ k: [...'abcdefghij', null, 0] }, { k: null }, true],
    [{ k: [...'abcdefghij', null, 0] }, {}, false],
    [{ k: [...'abcdefghij', null, 0] }, { k: 'k' }, false],
    [{ 'a.0.b': 1, 'c\\.d': 2 }, { a: [{ b: 1 }], 'c.d': 2 }, true],
    [{ 'a.0.b': 1, 'c\\.d': 2 }, { a: [{ b: 1 }], c: { d: 2 } }, false],
    [{ 'k.length': 1 }, { k: 'a' }, false],
  ])('%j on %j: %p', (match, record, matched) => {
    expect(outcome({ ...good, ...record }, { match })).toBe(matched ? 'measurement' : null);
  });

  test('comes before everything else: what does not match is not invalid', () => {
    expect(outcome({ k: 'b' }, { match: { k: 'a' } })).toBeNull();
  });
});

describe('inputs', () => {
  const aggregates = [
    'count',
    { op: 'distinct', path: 'user' },
    'mean',
    { op: 'max', path: 'a.b' },
    { op: 'top', path: 'user' },
    { op: 'sum', path: 'v', as: 'again' },
  ];

  test('are the value, then each own path once, in order of first use', () => {
    const { aggregates: specs } = oneMetric({ aggregates });
    expect(aggregateInputs(specs)).toEqual([['user'], ['a', 'b'], ['v']]);
    expect(specs.map((spec) => slotOf(spec, specs))).toEqual([0, 1, 0, 2, 1, 3]);
  });

  test('a path that is missing or no scalar has none, and a numeric text stays a text', () => {
    const inputs = (fields: JsonRecord) =>
      measurementOf({ ...good, ...fields }, { aggregates }).inputs;
    expect(inputs({ user: 'u', a: { b: '7' } })).toEqual([1.5, 'u', '7', 1.5]);
    expect(inputs({ user: null, a: 1 })).toEqual([1.5, undefined, undefined, 1.5]);
    expect(inputs({ user: ['u'], a: { b: false } })).toEqual([1.5, undefined, false, 1.5]);
  });
});

describe('dedupe', () => {
  test.each([
    [{ by: 'eventId', path: 'id.n' }, { id: { n: 7 } }, 'n7'],
    [{ by: 'eventId', path: 'id.n' }, { id: { n: null } }, null],
    [{ by: 'eventId', path: 'id.n' }, {}, null],
    [{ by: 'eventTime' }, {}, String(EVENT_MS)],
  ])('%j of %j is %p', (dedupe, fields, key) => {
    expect(measurementOf({ ...good, ...fields }, { dedupe }).dedupeKey).toBe(key);
  });
});

describe('integers beyond 2^53', () => {
  const ids = ['1524831183200260097', '1524831183200260098', '-9007199254740993'];
  const recordOf = (id: string) => ({ ...good, ...(parseJson(`{"id":${id}}`) as object) });
  const byId = {
    series: ['id'],
    dedupe: { by: 'eventId', path: 'id' },
    aggregates: ['count', { op: 'last', path: 'id' }],
  };

  test.each(ids)('%s keeps its digits as series, key and input', (id) => {
    expect(measurementOf(recordOf(id), byId)).toMatchObject({
      series: id,
      dedupeKey: `n${id}`,
      inputs: [1.5, BigInt(id)],
    });
  });

  test('a long one is another key than the text of its digits, and both are short', () => {
    const digits = '9'.repeat(200);
    const keys = [recordOf(digits), { ...good, id: digits }].map(
      (record) => measurementOf(record, { dedupe: byId.dedupe }).dedupeKey ?? '',
    );
    expect(new Set(keys).size).toBe(2);
    for (const key of keys) expect(key.length).toBeLessThanOrEqual(DEDUPE_KEY_BYTES_MAX);
  });

  test('what no double holds is no key, and so no duplicate', () => {
    expect(measurementOf(recordOf('9'.repeat(400)), { dedupe: byId.dedupe }).dedupeKey).toBeNull();
    expect(measurementOf(recordOf('1e400'), { dedupe: byId.dedupe }).dedupeKey).toBeNull();
  });

  test('a value and a time are the nearest double, as ever', () => {
    const record = recordOf('1');
    expect(measurementOf({ ...record, v: 9007199254740993n }).inputs).toEqual([2 ** 53]);
    const ns = { ...record, t: BigInt(EVENT_MS) * 1_000_000n + 999_999n };
    expect(measurementOf(ns, { timeUnit: 'ns' }).eventMs).toBe(
      measurementOf({ ...ns, t: Number(ns.t) }, { timeUnit: 'ns' }).eventMs,
    );
    expect(outcome({ ...record, v: 10n ** 400n })).toBe('value');
  });

  test.each<[string, string, boolean]>([
    ['1524831183200260097', '1524831183200260097', true],
    ['1524831183200260097', '1524831183200260096', false],
    ['[1,1524831183200260097]', '1524831183200260097', true],
    ['[1,2,3,4,5,6,7,8,1524831183200260097]', '1524831183200260098', false],
    ['"1524831183200260097"', '1524831183200260097', false],
    ['1524831183200260097', '"1524831183200260097"', false],
    ['9007199254740992', '9007199254740992.0', true],
    ['9007199254740993', '9007199254740992.0', false],
    ['1e20', '100000000000000000000', true],
  ])('match %s on %s: %p', (wanted, id, matched) => {
    const match = { id: parseJson(wanted) };
    expect(outcome(recordOf(id), { match })).toBe(matched ? 'measurement' : null);
  });

  test('a transform may return any bigint: a safe one is the number it equals', () => {
    expect(measurementOf({ ...good, id: 7n }, byId)).toMatchObject({
      series: '7',
      dedupeKey: 'n7',
      inputs: [1.5, 7],
    });
    expect(outcome({ ...good, id: 10n ** 100_000n }, { series: ['id'] })).toBe('measurement');
  });
});
