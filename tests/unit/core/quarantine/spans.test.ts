import {
  addSub,
  byUser,
  eachSub,
  firstSub,
  type Span,
  userOf,
} from '@millrace/core/quarantine/spans';
import fc from 'fast-check';

/** Sub-records in rising order, with the user records they came from. */
const subRecords = fc
  .array(fc.record({ gap: fc.integer({ min: 1, max: 3 }), next: fc.boolean(), same: fc.boolean() }))
  .map((steps) => {
    let [sub, user] = [-1, 0];
    return steps.map(({ gap, next, same }) => {
      sub += gap;
      user = same ? sub : Math.max(user, next ? user + 1 : user);
      return [sub, user] as const;
    });
  });

function spansOf(subs: readonly (readonly [number, number])[]): Span[] {
  const spans: Span[] = [];
  for (const [sub, user] of subs) addSub(spans, sub, user);
  return spans;
}

test.each<[string, (readonly [number, number])[], Span[]]>([
  ['one', [[4, 4]], [4]],
  [
    'neighbours, each a user record',
    [
      [4, 4],
      [5, 5],
      [6, 6],
    ],
    [[4, 6]],
  ],
  [
    'neighbours of one user record',
    [
      [4, 1],
      [5, 1],
    ],
    [[4, 5, 1]],
  ],
  [
    'a gap',
    [
      [0, 0],
      [2, 2],
    ],
    [0, 2],
  ],
  [
    'another user record',
    [
      [0, 0],
      [1, 0],
      [2, 1],
    ],
    [
      [0, 1, 0],
      [2, 2, 1],
    ],
  ],
  [
    'outputs of the first user record',
    [
      [0, 0],
      [1, 0],
      [2, 0],
    ],
    [[0, 2, 0]],
  ],
])('%s', (_name, subs, spans) => {
  expect(spansOf(subs)).toEqual(spans);
});

test('whatever was added is found again, in order, with its user record', () => {
  fc.assert(
    fc.property(subRecords, (subs) => {
      const spans = spansOf(subs);
      expect([...eachSub(spans)]).toEqual(subs);
      for (const [sub, user] of subs) expect(userOf(spans, sub)).toBe(user);
      expect(firstSub(spans)).toBe(subs[0]?.[0] ?? 0);
      const counted = [...byUser(spans).values()].flat();
      const total = counted.reduce((sum, [from, to]) => sum + to - from + 1, 0);
      expect(total).toBe(subs.length);
      expect(new Set(byUser(spans).keys())).toEqual(new Set(subs.map(([, user]) => user)));
    }),
  );
});

test('the bytes it says are those of the JSON', () => {
  fc.assert(
    fc.property(subRecords, (subs) => {
      const spans: Span[] = [];
      let bytes = 0;
      for (const [sub, user] of subs) bytes += addSub(spans, sub, user);
      // A comma more than JSON has, and its two brackets.
      expect(JSON.stringify(spans).length).toBe(subs.length === 0 ? 2 : bytes + 1);
    }),
  );
});
