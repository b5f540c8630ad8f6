import type { EncodedDetector, Verdict } from '@millrace/core/detector/detector';
import { ewma } from '@millrace/core/detector/ewma';
import fc from 'fast-check';

function run(values: readonly number[]): { verdicts: Verdict[]; state: EncodedDetector | null } {
  let state: EncodedDetector | null = null;
  const verdicts = values.map((value, index) => {
    const step = ewma.step(state, { startMs: index, endMs: index + 1, value });
    state = step.state;
    return step.verdict;
  });
  return { verdicts, state };
}

/** A level with a small deterministic ripple. */
function ripple(count: number, level = 100): number[] {
  return Array.from({ length: count }, (_, at) => level + ((at * 7) % 5) - 2);
}

test('says nothing while it learns, then gives a band around the level', () => {
  const { verdicts } = run(ripple(30));
  expect(verdicts[14]?.score).toBeNull();
  const last = verdicts[29] as Verdict;
  expect(last.anomaly).toBe(false);
  expect(last.expected?.low).toBeLessThan(98);
  expect(last.expected?.high).toBeGreaterThan(102);
});

test.each([
  { name: 'a spike', value: 160 },
  { name: 'a drop', value: 20 },
])('$name is an anomaly, and the windows after it are not', ({ value }) => {
  const { verdicts } = run([...ripple(30), value, ...ripple(5)]);
  expect(verdicts.map((v, at) => (v.anomaly ? at : -1)).filter((at) => at >= 0)).toEqual([30]);
});

test('a new level that holds becomes the norm', () => {
  const { verdicts } = run([...ripple(30), ...ripple(60, 200)]);
  expect(verdicts[30]?.anomaly).toBe(true);
  expect(verdicts.slice(60).some((v) => v.anomaly)).toBe(false);
});

test('a flat series is not an anomaly at its first rounding error', () => {
  const { verdicts } = run([...new Array(40).fill(7), 7.01]);
  expect(verdicts[40]?.anomaly).toBe(false);
});

test('any finite values give finite verdicts and a small JSON state', () => {
  const double = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.array(double, { maxLength: 60 }), (values) => {
      const { verdicts, state } = run(values);
      for (const { score, expected } of verdicts) {
        if (score === null || expected === null) continue;
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        expect([expected.low, expected.high].every(Number.isFinite)).toBe(true);
      }
      const text = JSON.stringify(state);
      expect(JSON.parse(text)).toEqual(state);
      expect(text.length).toBeLessThanOrEqual(512);
    }),
  );
});
