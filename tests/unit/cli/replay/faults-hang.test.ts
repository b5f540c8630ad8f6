import type { Transform } from '@millrace/core/pipeline/pipeline';
import {
  TimeLimitError,
  TRANSFORMS_BATCH_MS_MAX,
  TRANSFORMS_RECORD_MS_MAX,
} from '@millrace/core/record/time-limit';
import { HangingCode } from '../../../../cli/src/replay/faults-hang';
import { disturbSource } from '../../../../cli/src/replay/faults-records';
import { onePipeline } from '../../../helper/metric';

const START_MS = Date.UTC(2026, 0, 5);
const RECORDS = Array.from({ length: 200 }, (_, n) => ({ s: `s${n % 3}`, t: START_MS + n, v: n }));
/** Each record twice, so that what hangs counts for less. */
const twice: Transform = (record) => [record, record];
const TRANSFORMS = new Map([['twice', twice]]);

const plan = (rate: number, sometimes?: number, only?: string[]) => ({
  ...{ name: 'plan', calm: 1, endAfterMs: 0, ...(only && { only }) },
  faults: [{ kind: 'hang' as const, rate, ...(sometimes !== undefined && { sometimes }) }],
});
const hanging = (code: HangingCode) => RECORDS.filter((record) => code.hangs(record) !== null);

it('the same records hang whenever they come, others of another seed', () => {
  const first = hanging(new HangingCode(plan(0.2), 1, TRANSFORMS));

  expect(first.length).toBeGreaterThan(20);
  expect(first.length).toBeLessThan(60);
  expect(hanging(new HangingCode(plan(0.2), 1, TRANSFORMS))).toEqual(first);
  expect(hanging(new HangingCode(plan(0.2), 2, TRANSFORMS))).not.toEqual(first);
});

it('`only` leaves all others out', () => {
  const code = new HangingCode(plan(0.2, 0.5), 1, TRANSFORMS);
  hanging(code);
  const [one] = [...code.met];

  expect(hanging(new HangingCode(plan(0.2, 0.5, [one!]), 1, TRANSFORMS))).toHaveLength(1);
});

describe('given a record that hangs', () => {
  it.each([
    ['always', 0, true],
    ['only beside others', 1, false],
  ])('%s: the limit is over, and its clock has moved', (_name, sometimes, isOverAlone) => {
    const { transforms, timeLimit } = new HangingCode(plan(1, sometimes), 1, TRANSFORMS);
    const work = () => transforms.get('twice')!({ s: 'a' });

    expect(() => timeLimit.run(work, TRANSFORMS_BATCH_MS_MAX)).toThrow(TimeLimitError);
    expect(timeLimit.nowMs()).toBe(TRANSFORMS_BATCH_MS_MAX);
    const alone = () => timeLimit.run(work, TRANSFORMS_RECORD_MS_MAX);
    if (isOverAlone) expect(alone).toThrow(TimeLimitError);
    else expect(alone()).toHaveLength(2);
  });

  it('errors of a transform that does not hang are its own', () => {
    const { timeLimit } = new HangingCode(plan(0), 1, TRANSFORMS);

    expect(() =>
      timeLimit.run(() => {
        throw new RangeError('own');
      }, TRANSFORMS_BATCH_MS_MAX),
    ).toThrow(RangeError);
  });
});

describe('a disturbed recording', () => {
  const records = RECORDS.map((record, n) => ({
    ...{ shard: 's', sequence: String(n), partitionKey: record.s, arrivalMs: record.t },
    data: Buffer.from(JSON.stringify(record)).toString('base64'),
  }));
  const shards = [{ id: 's', parent: null, adjacent: null, hash: null }];
  const arrivals = { firstMs: START_MS, lastMs: START_MS + 199 };
  const source = { shards, records, arrivals, in: 400 };

  it('counts what hangs as one measurement, and names it', () => {
    const pipeline = { ...onePipeline({}), transform: 'twice' };
    const options = { plan: plan(0.2), seed: 1, pipeline, transforms: TRANSFORMS };

    const disturbed = disturbSource(source, options);

    expect(disturbed.injected.length).toBeGreaterThan(20);
    expect(disturbed.in).toBe(400 - disturbed.injected.length);
    expect(disturbed.records).toBe(records);
  });

  it('without transforms nothing hangs', () => {
    const options = { plan: plan(1), seed: 1, pipeline: onePipeline({}), transforms: new Map() };

    expect(disturbSource(source, options)).toMatchObject({ in: 400, injected: [], code: null });
  });
});
