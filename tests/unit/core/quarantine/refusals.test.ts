import {
  decodeGroups,
  encodeGroups,
  RecordRefusals,
  SPANS_BYTES_MAX,
} from '@millrace/core/quarantine/refusals';
import { eachSub } from '@millrace/core/quarantine/spans';

/** What an entry may have in all; an item of DynamoDB has 400 KB. */
const ENTRY_BYTES_MAX = 120_000;

interface Refusal {
  readonly sub: number;
  readonly user?: number;
  readonly metric?: string | null;
  readonly reason?: string;
  readonly detail?: string;
}

function refusalsOf(refusals: Iterable<Refusal>): RecordRefusals {
  const all = new RecordRefusals();
  for (const { sub, user = sub, metric = 'm', reason = 'value', detail = 'd' } of refusals) {
    all.add({ sub, user, metric, reason, detail });
  }
  return all;
}

const bytesOf = ({ groups }: RecordRefusals) => Buffer.byteLength(encodeGroups(groups));
const countsOf = ({ groups }: RecordRefusals) => groups.reduce((sum, { count }) => sum + count, 0);

test('10,000 refusals of one metric for one reason are one group of one range', () => {
  const all = refusalsOf(
    Array.from({ length: 10_000 }, (_, sub) => ({ sub, user: 0, detail: `value ${sub}` })),
  );

  expect(all.groups).toEqual([
    { reason: 'value', metric: 'm', detail: 'value 0', count: 10_000, subs: [[0, 9_999, 0]] },
  ]);
  expect(all).toMatchObject({ invalid: 10_000, unmatched: 0 });
});

test('metrics, reasons and what no metric matches are counted apart', () => {
  const all = refusalsOf([
    ...[
      { sub: 0, metric: 'a' },
      { sub: 0, metric: 'b' },
    ],
    ...[
      { sub: 1, metric: 'a', reason: 'time' },
      { sub: 1, metric: 'b' },
    ],
    { sub: 2, metric: null, reason: 'unmatched' },
  ]);

  expect(
    all.groups.map(({ metric, reason, count, subs }) => [metric, reason, count, subs]),
  ).toEqual([
    ['a', 'value', 1, [0]],
    ['b', 'value', 2, [[0, 1]]],
    ['a', 'time', 1, [1]],
    [null, 'unmatched', 1, [2]],
  ]);
  expect(all).toMatchObject({ invalid: 4, unmatched: 1 });
});

test('it is read again as it was written', () => {
  const all = refusalsOf([{ sub: 0 }, { sub: 2, user: 1 }, { sub: 5, metric: 'ä\ud800"' }]);

  expect(decodeGroups(encodeGroups(all.groups))).toEqual(all.groups);
});

test.each([
  ['many metrics', 2_000, 1, 'metric', 'detail'],
  ['the longest names', 50, 10, '\u0001'.repeat(256), '\u0001'.repeat(100_000)],
  ['scattered sub-records', 30, 5_000, 'm', 'd'],
])('%s: the entry stays bounded, and its counts exact', (_name, metrics, each, name, detail) => {
  function* refusals() {
    for (let sub = 0; sub < each; sub++) {
      for (let metric = 0; metric < metrics; metric++) {
        if ((sub + metric) % 2 === 0) yield { sub, metric: `${name}${metric}`, detail };
      }
    }
  }
  const sent = [...refusals()];

  const all = refusalsOf(sent);

  expect(bytesOf(all)).toBeLessThan(ENTRY_BYTES_MAX);
  expect({ counted: countsOf(all), invalid: all.invalid }).toEqual({
    counted: sent.length,
    invalid: sent.length,
  });
});

test('metrics without room share a group a reason; later ones too', () => {
  const metrics = Array.from({ length: 400 }, (_, at) => `${at}`.padEnd(200, 'x'));
  const all = refusalsOf(
    metrics.flatMap((metric) => [
      { sub: 0, metric },
      { sub: 1, metric, reason: 'time' },
    ]),
  );

  const shared = all.groups.filter(({ metric }) => metric === null);
  expect(shared.map(({ reason }) => reason).sort()).toEqual(['time', 'value']);
  expect(countsOf(all)).toBe(800);
  for (const { cover } of shared) expect(cover?.users).toEqual(cover?.subs);
});

test('the group with most ranges gets one that covers all, the others keep theirs', () => {
  const scattered = Array.from({ length: 9_000 }, (_, at) => ({ sub: 2 * at, metric: 'wide' }));
  const few = [1, 7, 9].map((sub) => ({ sub, metric: 'few' }));
  const all = refusalsOf([...few, ...scattered]);

  const [narrow, wide] = all.groups;
  expect([...eachSub(narrow?.subs ?? [])].map(([sub]) => sub)).toEqual([1, 7, 9]);
  expect(wide).toMatchObject({ count: 9_000, subs: [], cover: { subs: [0, 17_998] } });
  expect(bytesOf(all)).toBeLessThan(SPANS_BYTES_MAX);
});
