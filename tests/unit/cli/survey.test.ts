import { measure } from '@millrace/core/record/measure';
import { Survey } from '../../../cli/src/survey/survey';
import { oneMetric } from '../../helper/metric';

const ARRIVAL_MS = Date.UTC(2026, 0, 5);
const PER_SECOND = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 } as const;

/** What is said of records with times in `written`, while the pipeline takes them for `unit`. */
function warningsOf(unit: string, written: keyof typeof PER_SECOND, right = 0): readonly string[] {
  const survey = new Survey();
  const metric = oneMetric({ timeUnit: unit, time: 'at.t' });
  for (let index = 0; index < 10; index++) {
    const per = PER_SECOND[(index < right ? unit : written) as keyof typeof PER_SECOND];
    const t = Math.floor(ARRIVAL_MS / 1000) * per;
    const decision = measure({ s: 'a', at: { t }, v: 1 }, metric, ARRIVAL_MS);
    if (decision !== null) survey.note(decision, 'k', ARRIVAL_MS);
  }
  return survey.warnings();
}

describe('event times that lie years from their arrivals', () => {
  test.each([
    ['ms', 's', '1970-01-21'],
    ['s', 'ms', '+057982-02-07'],
    ['us', 'ms', '1970-01-21'],
    ['ns', 's', '1970-01-01'],
  ] as const)('read as %s while they are %s: the right unit is named', (unit, written, day) => {
    expect(warningsOf(unit, written)).toEqual([
      `metric "m": 10 of 10 event times at "at.t" lie years from their arrivals (${day} for an arrival of 2026-01-05): should "timeUnit" be "${written}", and not "${unit}"?`,
    ]);
  });

  test('nothing is said while half of them are near, or all', () => {
    expect(warningsOf('ms', 's', 5)).toEqual([]);
    expect(warningsOf('ms', 'ms')).toEqual([]);
    expect(warningsOf('ms', 's', 4)).toHaveLength(1);
  });

  test('of another field no unit is named', () => {
    const survey = new Survey();
    const decision = measure({ s: 'a', t: 5, v: 1 }, oneMetric(), ARRIVAL_MS);
    if (decision !== null) survey.note(decision, 'k', ARRIVAL_MS);
    expect(survey.warnings().join()).toContain(
      'is that the event time, and "timeUnit" "ms" right?',
    );
  });
});

describe('partition keys of a series', () => {
  /** `keys` of each series. */
  function warnings(...keys: number[]): readonly string[] {
    const survey = new Survey();
    const metric = oneMetric();
    for (const [index, count] of keys.entries()) {
      const record = { s: `s${index}`, t: ARRIVAL_MS, v: 1 };
      const decision = measure(record, metric, ARRIVAL_MS);
      for (let key = 0; key < count; key++) {
        if (decision !== null) survey.note(decision, `key ${key}`, ARRIVAL_MS);
      }
    }
    return survey.warnings();
  }

  test('eight are a few', () => {
    expect(warnings(8, 1)).toEqual([]);
  });

  test('more are said, with the worst series', () => {
    expect(warnings(9, 12, 1)).toEqual([
      expect.stringContaining(
        'series "s1" of metric "m" came under 12 partition keys (and so did 1 other series):',
      ),
    ]);
  });

  test('a thousand are not counted further', () => {
    expect(warnings(1_500)[0]).toContain('came under 1,000 partition keys or more:');
  });
});
