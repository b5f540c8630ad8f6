import type {
  AggregatePlan,
  AggregateValue,
  TopEntry,
  WindowAggregate,
} from '@millrace/core/aggregate/aggregate';
import { planAggregates } from '@millrace/core/aggregate/plan';
import type { AggregateOp, Scalar } from '@millrace/core/pipeline/pipeline';
import type { AggregateInput } from '@millrace/core/record/record';
import fc from 'fast-check';
import { exactSum, exactVariance } from '../helper/exact-number';

interface Seen {
  readonly inputs: readonly AggregateInput[];
  readonly eventMs: number;
}

const WINDOW_MS = 10_000;
const EXACT_OPS: readonly AggregateOp[] = ['count', 'sum', 'mean', 'rate', 'min', 'max'];
const EDGE_OPS: readonly AggregateOp[] = ['first', 'last'];
const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999 } as const;
const QUANTILE_OPS = Object.keys(QUANTILES) as AggregateOp[];
const SET_OPS: readonly AggregateOp[] = ['distinct', 'top'];

/** Shrinking a list of hundreds can take minutes; the limit ends it. */
function runs(numRuns: number): fc.Parameters<unknown> {
  return { numRuns, interruptAfterTimeLimit: 20_000 };
}

function planOf(ops: readonly AggregateOp[], path: readonly string[] | null = null): AggregatePlan {
  return planAggregates(ops.map((op) => ({ op, path, as: op })));
}

/** Everything but the variance, whose state depends on the order in its last digits. */
const everything = planAggregates([
  ...[...EXACT_OPS, ...EDGE_OPS, ...QUANTILE_OPS, ...SET_OPS].map((op) => ({
    op,
    path: null,
    as: op,
  })),
  ...[...EXACT_OPS, ...EDGE_OPS, ...SET_OPS].map((op) => ({ op, path: ['own'], as: `own ${op}` })),
]);

const EXTREMES = [0, -0, 5e-324, -5e-324, 2 ** -1022, 1e-300, 1e16, -1e16, 0.1, 1e305, -1e305];

/** Far enough from the greatest double that no sum of a test overflows. */
const anyNumber = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: -1e305, max: 1e305, noNaN: true }) },
  { weight: 4, arbitrary: fc.integer({ min: -9_999, max: 9_999 }).map((cents) => cents / 100) },
  { weight: 1, arbitrary: fc.constantFrom(...EXTREMES) },
);
/** Few different ones, so that `top` stays exact. */
const fewScalars = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom<AggregateInput>('', '1', 'a', 'b', '𝒳', true, false, undefined, -0, 1.5),
);
const seen = fc.record({
  inputs: fc.tuple(anyNumber, fewScalars),
  eventMs: fc.integer({ min: 0, max: 20 }),
});

/** How a list is cut into parts, in which order neighbours are merged, and which parts are stored. */
interface Split {
  readonly cuts: readonly number[];
  readonly merges: readonly number[];
  readonly stored: readonly boolean[];
}
const split: fc.Arbitrary<Split> = fc.record({
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
  merges: fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
  stored: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
});

function restored(plan: AggregatePlan, window: WindowAggregate): WindowAggregate {
  return plan.decode(JSON.parse(JSON.stringify(plan.encode(window))));
}

function onePass(plan: AggregatePlan, list: readonly Seen[]): WindowAggregate {
  const window = plan.create();
  for (const { inputs, eventMs } of list) expect(plan.add(window, inputs, eventMs)).toBe(true);
  return window;
}

function inParts(plan: AggregatePlan, list: readonly Seen[], how: Split): WindowAggregate {
  const ends = [...how.cuts.map((cut) => Math.floor(cut * list.length)), list.length];
  ends.sort((a, b) => a - b);
  const parts = ends.map((end, i) => {
    const window = onePass(plan, list.slice(ends[i - 1] ?? 0, end));
    return how.stored[i] ? restored(plan, window) : window;
  });
  for (let i = 0; parts.length > 1; i += 1) {
    const at = (how.merges[i] as number) % (parts.length - 1);
    parts.splice(at, 2, plan.merge(parts[at]!, parts[at + 1]!));
  }
  return parts[0]!;
}

function ofNumbers(values: readonly number[]): Seen[] {
  return values.map((value) => ({ inputs: [value], eventMs: 0 }));
}

function results(plan: AggregatePlan, window: WindowAggregate): Record<string, AggregateValue> {
  return plan.results(window, WINDOW_MS);
}

it('parts merged in any grouping have the very state of one pass', () => {
  fc.assert(
    fc.property(fc.array(seen, { maxLength: 150 }), split, (list, how) => {
      const merged = inParts(everything, list, how);
      const whole = onePass(everything, list);
      expect(everything.encode(merged)).toEqual(everything.encode(whole));
      expect(everything.bytes(merged)).toBe(everything.bytes(whole));
      expect(results(everything, merged)).toEqual(results(everything, whole));
    }),
    runs(100),
  );
});

it('a stop to store and load the state, anywhere, changes nothing of what follows', () => {
  fc.assert(
    fc.property(fc.array(seen, { maxLength: 100 }), fc.array(fc.nat(99)), (list, stops) => {
      let window = everything.create();
      list.forEach(({ inputs, eventMs }, i) => {
        if (stops.includes(i)) window = restored(everything, window);
        everything.add(window, inputs, eventMs);
      });
      const straight = onePass(everything, list);
      expect(everything.encode(window)).toEqual(everything.encode(straight));
      expect(everything.bytes(window)).toBe(everything.bytes(straight));
    }),
    runs(50),
  );
});

it('the encoded size is at most bytes, and that at most bytesMax', () => {
  const text = fc.string({ unit: 'binary', maxLength: 400 });
  const own = fc.oneof(fewScalars, text, anyNumber);
  const wide = fc.record({ inputs: fc.tuple(anyNumber, own), eventMs: fc.nat() });
  fc.assert(
    fc.property(fc.array(wide, { maxLength: 150 }), split, (list, how) => {
      const window = inParts(everything, list, how);
      const size = Buffer.byteLength(JSON.stringify(everything.encode(window)));
      expect(size).toBeLessThanOrEqual(everything.bytes(window));
      expect(everything.bytes(window)).toBeLessThanOrEqual(everything.bytesMax);
    }),
    runs(50),
  );
});

it('count, sum, mean, rate, min and max are those of exact arithmetic', () => {
  const plan = planOf(EXACT_OPS);
  fc.assert(
    fc.property(fc.array(anyNumber, { maxLength: 100 }), split, (values, how) => {
      const sum = exactSum(values);
      const none = values.length === 0;
      expect(results(plan, inParts(plan, ofNumbers(values), how))).toEqual({
        count: values.length,
        sum,
        mean: none ? null : sum / values.length,
        rate: values.length / (WINDOW_MS / 1000),
        min: none ? null : Math.min(...values) + 0,
        max: none ? null : Math.max(...values) + 0,
      });
    }),
    runs(100),
  );
});

it('a value is refused exactly when the exact sum would round to infinity', () => {
  const plan = planOf(['sum', 'count']);
  const huge = fc.constantFrom(1e308, -1e308, Number.MAX_VALUE, 2 ** 970, 2 ** 969, 1, 5e-324, -1);
  fc.assert(
    fc.property(fc.array(fc.oneof(huge, anyNumber), { maxLength: 30 }), (values) => {
      const window = plan.create();
      const accepted: number[] = [];
      for (const value of values) {
        const fits = Number.isFinite(exactSum([...accepted, value]));
        expect(plan.add(window, [value], 0)).toBe(fits);
        if (fits) accepted.push(value);
        expect(results(plan, window)).toEqual({ sum: exactSum(accepted), count: accepted.length });
      }
    }),
    runs(50),
  );
});

it('variance and stddev are close to those of exact arithmetic', () => {
  const plan = planOf(['variance', 'stddev']);
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 60 }),
      fc.constantFrom(0, 1e3, -1e9),
      split,
      (values, offset, how) => {
        const shifted = values.map((x) => x + offset);
        const answer = results(plan, inParts(plan, ofNumbers(shifted), how));
        const truth = exactVariance(shifted);
        const variance = answer.variance as number;
        // Each step rounds deltas, whose error is a share of the offset.
        const slack = 1e-9 * truth + 1e-13 * (Math.abs(offset) + 1) * Math.sqrt(truth) + 1e-12;
        expect(Math.abs(variance - truth)).toBeLessThanOrEqual(slack);
        expect(answer.stddev).toBe(Math.sqrt(variance));
      },
    ),
    runs(66),
  );
});

it('every quantile is within 1 % of the sample at its rank', () => {
  const plan = planOf(QUANTILE_OPS);
  const value = fc.oneof(
    anyNumber,
    fc.double({ min: -1e308, max: 1e308, noNaN: true }),
    fc.double({ min: 0.001, max: 1e4, noNaN: true }),
    fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** -1022),
  );
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 300, size: 'max' }),
      split,
      (values, how) => {
        const answers = results(plan, inParts(plan, ofNumbers(values), how));
        const sorted = values.toSorted((a, b) => a - b);
        for (const [op, quantile] of Object.entries(QUANTILES)) {
          const sample = sorted[Math.floor(quantile * (values.length - 1))] as number;
          const subnormal = Math.abs(sample) < 2 ** -1022;
          const slack = subnormal && values.length > 64 ? 2 ** -1022 : 0.01 * Math.abs(sample);
          expect(Math.abs((answers[op] as number) - sample)).toBeLessThanOrEqual(slack);
        }
      },
    ),
    runs(50),
  );
});

it('distinct is exact up to 64 values, and its state depends on the set only', () => {
  const plan = planOf(['distinct'], ['own']);
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), anyNumber);
  fc.assert(
    fc.property(fc.array(scalar, { maxLength: 200, size: 'max' }), split, (values, how) => {
      const list = values.map((value): Seen => ({ inputs: [1, value], eventMs: 0 }));
      const truth = new Set(values).size;
      const merged = inParts(plan, list, how);
      const answer = results(plan, merged).distinct as number;
      expect(Math.abs(answer - truth)).toBeLessThanOrEqual(truth <= 64 ? 0 : 0.1 * truth);
      expect(plan.encode(merged)).toEqual(plan.encode(onePass(plan, list.toReversed())));
    }),
    runs(50),
  );
});

it('the true count of every listed value lies in its bounds, and none is missed unawares', () => {
  const plan = planAggregates([{ op: 'top', path: ['own'], as: 'top', k: 16 }]);
  const scalar = fc.oneof(
    fc.integer({ min: 0, max: 8 }),
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: 0, max: 200 }).map(String),
  );
  fc.assert(
    fc.property(fc.array(scalar, { maxLength: 400, size: 'max' }), split, (values, how) => {
      const counts = new Map<Scalar, number>();
      for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
      const list = values.map((value): Seen => ({ inputs: [1, value], eventMs: 0 }));
      const exact = counts.size <= 64;
      const top = results(plan, inParts(plan, list, how)).top as readonly TopEntry[];
      for (const { value, count, error } of top) {
        const truth = counts.get(value) ?? 0;
        expect(truth).toBeLessThanOrEqual(count);
        expect(truth).toBeGreaterThanOrEqual(count - error);
        if (exact) expect(error).toBe(0);
        counts.delete(value);
      }
      expect(top).toHaveLength(Math.min(16, top.length + counts.size));
      const least = top.at(-1)?.count ?? 0;
      for (const unlisted of counts.values()) expect(unlisted).toBeLessThanOrEqual(least);
    }),
    runs(50),
  );
});
