import { boundSeen, SEEN_MAX, SeenWindow, seenHash } from '@millrace/core/commit/seen-window';
import { marksBytes, unkeyedMark } from '@millrace/core/fold/marks';
import { MARKS_BYTES_MAX } from '@millrace/core/fold/size';
import type { Mark } from '@millrace/core/fold/state';
import { createChoices } from '../../../helper/random';

const NAME = unkeyedMark('stream/one');
const record = (number: number, sub = 0) => ({
  ...{ sequence: String(10 ** 6 + number), sub, arrivalMs: number },
});
type Record = ReturnType<typeof record>;

/** One draft after the other, each from what the one before left. */
function fold(marks: Map<string, Mark>, records: readonly Record[], name = NAME): string[] {
  const seen = new SeenWindow(marks.get(name) ?? null);
  const verdicts = records.map((each) => {
    const verdict = seen.holds(each) ? 'held' : seen.isStale(each) ? 'stale' : 'new';
    if (verdict !== 'held') seen.add(each);
    return verdict;
  });
  marks.set(name, seen.toMark());
  boundSeen(marks);
  return verdicts;
}

const upTo = (count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => record(from + at));

test('a lane that is behind brings what has not counted, however far others are ahead', () => {
  const marks = new Map<string, Mark>();
  const ahead = upTo(1_800, 1);

  expect(new Set(fold(marks, ahead))).toEqual(new Set(['new']));
  expect(fold(marks, [record(0)])).toEqual(['new']);
  expect(new Set(fold(marks, [record(0), ...ahead]))).toEqual(new Set(['held']));
});

test('user records of one aggregate are told apart, those of two shards too', () => {
  const marks = new Map<string, Mark>();

  expect(fold(marks, [record(5, 1), record(5, 0)])).toEqual(['new', 'new']);
  expect(fold(marks, [record(5, 1)], unkeyedMark('stream/two'))).toEqual(['new']);
  expect(fold(marks, [record(5, 2), record(5, 1)])).toEqual(['new', 'held']);
});

test('what is below the floor and not known is stale, once; what is known is held', () => {
  const marks = new Map<string, Mark>();
  fold(marks, upTo(SEEN_MAX + 1, 100));

  // The oldest part went, and with it the names of its records.
  expect(fold(marks, [record(99), record(99), record(224), record(225)])).toEqual([
    ...['stale', 'held', 'stale', 'held'],
  ]);
  expect(fold(marks, [record(SEEN_MAX + 101)])).toEqual(['new']);
});

test.each([1, 2, 3])('in any order and any cuts nothing counts twice (seed %i)', (seed) => {
  const choices = createChoices(seed);
  const names = ['stream/one', 'stream/two', 'stream/three'].map(unkeyedMark);
  const marks = new Map<string, Mark>();
  const counted = new Map<string, number>();
  for (let batch = 0; batch < 300; batch++) {
    const name = choices.pick(names);
    const from = batch * 10 - choices.int(choices.pick([10, 1_000, 3_000]));
    const records = upTo(1 + choices.int(60), Math.max(0, from));
    const verdicts = fold(marks, records, name);
    for (const [at, each] of records.entries()) {
      if (verdicts[at] !== 'new') continue;
      const id = `${name} ${each.sequence}`;
      counted.set(id, (counted.get(id) ?? 0) + 1);
    }
    const kept = [...marks.values()].flatMap(({ seen = [] }) => seen);
    expect(kept.reduce((sum, { hashes }) => sum + hashes.length / 8, 0)).toBeLessThanOrEqual(
      SEEN_MAX,
    );
  }

  expect(new Set(counted.values())).toEqual(new Set([1]));
  expect(counted.size).toBeGreaterThan(2_000);
});

test('it keeps to the share of the marks, whatever else is in it', () => {
  const marks = new Map<string, Mark>();
  fold(marks, upTo(SEEN_MAX));
  const room = MARKS_BYTES_MAX - marksBytes(marks);
  for (let shard = 0; marksBytes(marks) <= MARKS_BYTES_MAX; shard++) {
    marks.set(`stream/${shard}`, { sequence: '4'.repeat(56), sub: 0, arrivalMs: 1 });
  }

  boundSeen(marks);

  expect(room).toBeGreaterThan(40_000);
  expect(marksBytes(marks)).toBeLessThanOrEqual(MARKS_BYTES_MAX);
  expect(marks.get(NAME)?.seen?.length).toBeGreaterThan(10);
});

test('a hash has 48 bits and is even', () => {
  const hashes = new Set(upTo(20_000).map(seenHash));

  expect(hashes.size).toBe(20_000);
  expect(new Set([...hashes].map((hash) => hash.length))).toEqual(new Set([8]));
});
