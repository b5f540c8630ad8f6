import { parsePipeline } from '@millrace/core/pipeline/parse';
import type { JsonRecord, Transform, Transforms } from '@millrace/core/pipeline/pipeline';
import { expand, newOutputBudget, type Visit } from '@millrace/core/record/expand';

const ARRIVAL_MS = 1_607_497_475_000;

/** A metric that takes records with `v`, and those of one `k` if given. */
function metric(fields: Record<string, unknown> = {}, k?: string) {
  const match = k === undefined ? {} : { k };
  return {
    match,
    value: 'v',
    window: { type: 'tumbling', size: '1m' },
    aggregates: ['sum'],
    ...fields,
  };
}

function transformsOf(functions: Record<string, (record: JsonRecord) => unknown>): Transforms {
  return new Map(Object.entries(functions) as [string, Transform][]);
}

/** Each decision as `sub metric outcome`, and the subs used. */
function decide(
  record: JsonRecord,
  json: Record<string, unknown>,
  functions: Record<string, (record: JsonRecord) => unknown> = {},
  subBase?: number,
) {
  const { pipeline } = parsePipeline({ version: 1, ...json });
  const decisions: string[] = [];
  const details: string[] = [];
  const used = expand(
    record,
    pipeline,
    transformsOf(functions),
    ARRIVAL_MS,
    (sub, decision) => {
      const outcome =
        decision.kind === 'measurement'
          ? decision.inputs[0]
          : decision.kind === 'rejection'
            ? decision.reason
            : 'unmatched';
      decisions.push(`${sub} ${decision.metric?.name ?? '-'} ${outcome}`);
      if (decision.kind === 'rejection') details.push(decision.detail);
    },
    subBase,
  );
  return { decisions, details, used };
}

describe('expand without transforms', () => {
  const metrics = { a: metric({}, 'x'), b: metric(), c: metric({}, 'z') };

  test.each<[JsonRecord, string[]]>([
    [{ k: 'x', v: 1 }, ['0 a 1', '0 b 1']],
    [{ k: 'y', v: 2 }, ['0 b 2']],
    [{ k: 'z' }, ['0 b value', '0 c value']],
  ])('%j is decided by every metric that matches', (record, decisions) => {
    expect(decide(record, { metrics })).toMatchObject({ decisions, used: 1 });
  });

  test('a record that no metric matches is one unmatched', () => {
    const only = { a: metrics.a, c: metrics.c };
    expect(decide({ k: 'y' }, { metrics: only })).toMatchObject({
      decisions: ['0 - unmatched'],
      used: 1,
    });
  });

  test('a record that only one metric refuses is not unmatched as well', () => {
    expect(decide({ k: 'x' }, { metrics: { a: metrics.a } }).decisions).toEqual(['0 a value']);
  });

  test('subs begin where the caller says', () => {
    expect(decide({ v: 1 }, { metrics }, {}, 7)).toMatchObject({ decisions: ['7 b 1'], used: 1 });
  });
});

describe('expand with a transform of the pipeline', () => {
  const json = { transform: 't', metrics: { a: metric({}, 'x'), b: metric({}, 'y') } };

  test('every output counts like a user record', () => {
    const outputs = [{ k: 'x', v: 1 }, { k: 'n' }, { k: 'y', v: 3 }];
    expect(decide({}, json, { t: () => outputs }, 5)).toMatchObject({
      decisions: ['5 a 1', '6 - unmatched', '7 b 3'],
      used: 3,
    });
  });

  test('one record need not be in a list', () => {
    const t = (record: JsonRecord) => ({ ...record, v: 9 });
    expect(decide({ k: 'x' }, json, { t })).toMatchObject({ decisions: ['0 a 9'], used: 1 });
  });

  test.each([[null], [undefined], [[]]])('%p is nothing: one unmatched', (output) => {
    expect(decide({ k: 'x', v: 1 }, json, { t: () => output })).toMatchObject({
      decisions: ['0 - unmatched'],
      used: 1,
    });
  });

  test.each<[string, () => unknown, string]>([
    [
      'a throw',
      () => {
        throw new TypeError('no\nway');
      },
      't threw: TypeError: no\\u000away',
    ],
    [
      'a throw of nothing',
      () => {
        throw undefined;
      },
      't threw: undefined',
    ],
    [
      'a throw of what has no text',
      () => {
        throw Object.create(null);
      },
      't threw: something that cannot be shown',
    ],
    ['a text', () => 'x', 't returned "x", expected a record, records or nothing'],
    ['a number', () => 0, 't returned 0, expected a record, records or nothing'],
    ['a boolean', () => false, 't returned false, expected a record, records or nothing'],
    ['a list with a null', () => [{}, null], 't returned null at index 1, expected a record'],
    ['a list of lists', () => [[{}]], 't returned a list at index 0, expected a record'],
    ['a list with a hole', () => new Array(2), 't returned nothing at index 0, expected a record'],
    [
      'a promise',
      async () => ({}),
      't returned a promise: transforms are synchronous, remove "async"',
    ],
    [
      'a promise that fails',
      () => Promise.reject(new Error('x')),
      't returned a promise: transforms are synchronous, remove "async"',
    ],
    [
      'too many records',
      () => new Array(10_001).fill({}),
      't returned 10001 records, at most 10000 are allowed',
    ],
  ])('%s is one rejection of the record', (_name, t, detail) => {
    expect(decide({}, json, { t }, 3)).toEqual({
      decisions: ['3 - transform'],
      details: [detail],
      used: 1,
    });
  });

  test('a transform that is gone stops the consumer instead of refusing every record', () => {
    expect(() => decide({}, json, {})).toThrow('no transform is called t');
  });
});

describe('expand with a transform of a metric', () => {
  const split = (record: JsonRecord) => (record.list as unknown[]).map((v) => ({ ...record, v }));

  test('only that metric sees its outputs, under subs of its own', () => {
    const metrics = { a: metric({ transform: 'split' }), b: metric() };
    expect(decide({ list: [1, 2, 3], v: 9 }, { metrics }, { split }, 4)).toMatchObject({
      decisions: ['4 a 1', '5 a 2', '6 a 3', '4 b 9'],
      used: 3,
    });
  });

  test('runs before match, and outputs that do not match keep their sub', () => {
    const metrics = { a: metric({ transform: 'tag', match: { k: 'x' } }) };
    const tag = () => [
      { k: 'x', v: 1 },
      { k: 'y', v: 2 },
      { k: 'x', v: 3 },
    ];
    expect(decide({ k: 'none' }, { metrics }, { tag })).toMatchObject({
      decisions: ['0 a 1', '2 a 3'],
      used: 3,
    });
  });

  test('nothing from it is unmatched, unless another metric decides', () => {
    const nothing = { none: () => null };
    const a = metric({ transform: 'none' });
    expect(decide({ v: 1 }, { metrics: { a } }, nothing).decisions).toEqual(['0 - unmatched']);
    expect(decide({ v: 1 }, { metrics: { a, b: metric() } }, nothing).decisions).toEqual(['0 b 1']);
  });

  test('a throw is a rejection of that metric, and the others go on', () => {
    const metrics = { a: metric({ transform: 'split' }), b: metric() };
    expect(decide({ v: 1 }, { metrics }, { split })).toMatchObject({
      decisions: ['0 a transform', '0 b 1'],
      used: 1,
    });
  });

  test('after a transform of the pipeline its subs run on over all outputs', () => {
    const json = { transform: 'two', metrics: { a: metric({ transform: 'split' }), b: metric() } };
    const two = () => [{ list: [1, 2], v: 10 }, { list: [] }, { list: [3], v: 30 }];
    expect(decide({}, json, { two, split }, 100)).toMatchObject({
      decisions: ['100 a 1', '101 a 2', '100 b 10', '101 b value', '102 a 3', '102 b 30'],
      used: 3,
    });
  });

  test('a throw takes a sub of its own, before the outputs of the next record', () => {
    const json = { transform: 'two', metrics: { a: metric({ transform: 'split' }) } };
    const two = () => [{ v: 1 }, { list: [2, 3] }];
    expect(decide({}, json, { two, split })).toMatchObject({
      decisions: ['0 a transform', '1 a 2', '2 a 3'],
      used: 3,
    });
  });

  test('subs never collide between two user records of one stream record', () => {
    const metrics = { a: metric({ transform: 'split' }), b: metric() };
    const first = decide({ list: [1, 2], v: 5 }, { metrics }, { split });
    const second = decide({ list: [3], v: 6 }, { metrics }, { split }, first.used);
    expect([...first.decisions, ...second.decisions]).toEqual([
      '0 a 1',
      '1 a 2',
      '0 b 5',
      '2 a 3',
      '2 b 6',
    ]);
  });
});

describe('outputs of one stream record', () => {
  const many = (count: number) => Array.from({ length: count }, () => ({ v: 1 }));
  /** User records of one stream record, each with so many outputs; what became of each. */
  const outcomes = (counts: readonly number[], json: Record<string, unknown>) => {
    const { pipeline } = parsePipeline({ version: 1, ...json });
    const transforms = transformsOf({ fan: ({ n }) => many(Number(n)), pass: (record) => record });
    const budget = newOutputBudget();
    return counts.map((n) => {
      const seen: Record<string, number> = {};
      const visit: Visit = (_sub, decision) => {
        const name = decision.kind === 'rejection' ? decision.reason : decision.kind;
        seen[name] = (seen[name] ?? 0) + 1;
      };
      expand({ n, v: 1 }, pipeline, transforms, ARRIVAL_MS, visit, 0, budget);
      return seen;
    });
  };

  test('10,000 in all are applied, and the user record that would pass that is refused as one', () => {
    const json = { transform: 'fan', metrics: { a: metric() } };

    expect(outcomes([6_000, 4_000, 1, 0], json)).toEqual([
      { measurement: 6_000 },
      { measurement: 4_000 },
      { transform: 1 },
      { transform: 1 },
    ]);
    expect(outcomes([9_999, 2, 1], json)).toEqual([
      { measurement: 9_999 },
      { transform: 1 },
      { transform: 1 },
    ]);
  });

  test('outputs of all metrics count together', () => {
    const metrics = { a: metric({ transform: 'fan' }), b: metric({ transform: 'fan' }) };

    expect(outcomes([5_000, 1], { metrics })).toEqual([{ measurement: 10_000 }, { transform: 1 }]);
    expect(outcomes([5_001], { metrics })).toEqual([{ transform: 1 }]);
  });

  test('what a metric makes of the outputs of the pipeline counts with them', () => {
    const json = { transform: 'fan', metrics: { a: metric({ transform: 'pass' }) } };

    expect(outcomes([5_000], json)).toEqual([{ measurement: 5_000 }]);
    expect(outcomes([5_001], json)).toEqual([{ transform: 1 }]);
  });
});
