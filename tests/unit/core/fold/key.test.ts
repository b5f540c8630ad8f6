import { parseStateKey, rowKey, sortableTime, stateKey } from '@millrace/core/fold/key';
import { compareSequence, isAtOrBelow } from '@millrace/core/record/sequence';
import fc from 'fast-check';

const part = fc.oneof(fc.string(), fc.stringMatching(/^[#%|=SR23]*$/));
const seriesKey = fc.record({ metric: part, partitionKey: part, series: part });

test('keys of different series never alias, whatever the names hold', () => {
  fc.assert(
    fc.property(seriesKey, seriesKey, (a, b) => {
      const same =
        a.metric === b.metric && a.partitionKey === b.partitionKey && a.series === b.series;
      const [keyA, keyB] = [stateKey(a), stateKey(b)];
      expect(keyA.pk === keyB.pk && keyA.sk === keyB.sk).toBe(same);
      const [rowA, rowB] = [rowKey(a, 0), rowKey(b, 0)];
      expect(rowA.pk === rowB.pk && rowA.sk === rowB.sk).toBe(same);
    }),
  );
});

test('a state key gives its parts back', () => {
  fc.assert(fc.property(seriesKey, (key) => expect(parseStateKey(stateKey(key))).toEqual(key)));
});

test('the longest names still make keys that DynamoDB takes', () => {
  const key = { metric: '#'.repeat(256), partitionKey: '#'.repeat(256), series: '%'.repeat(512) };
  for (const partitionKey of [key.partitionKey, '\u{10ffff}'.repeat(256)]) {
    const row = rowKey({ ...key, partitionKey }, 0);
    const state = stateKey({ ...key, partitionKey });
    for (const { pk, sk } of [row, state]) {
      expect(Buffer.byteLength(pk)).toBeLessThanOrEqual(2048);
      expect(Buffer.byteLength(sk)).toBeLessThanOrEqual(1024);
    }
  }
});

test.each([
  [-8_640_000_000_000_000, -1],
  [-1, 0],
  [0, 1],
  [9_999_999_999_999, 10_000_000_000_000],
])('time %d sorts before %d as text', (a, b) => {
  expect(sortableTime(a) < sortableTime(b)).toBe(true);
});

test.each([
  ['9', '10', -1],
  ['10', '9', 1],
  [
    '49590338271490256608559692538361571095921575989136588898',
    '49590338271490256608559692538361571095921575989136588899',
    -1,
  ],
  ['5', '5', 0],
  ['5.1', '5', 1],
  ['5.2', '5.10', -1],
  ['5.9', '6', -1],
])('sequence %s against %s', (a, b, order) => {
  expect(Math.sign(compareSequence(a, b))).toBe(order);
});

test('a user record is at or below a mark by sequence first, then by sub', () => {
  const mark = { sequence: '100', sub: 2 };
  expect(isAtOrBelow('100', 2, mark)).toBe(true);
  expect(isAtOrBelow('100', 3, mark)).toBe(false);
  expect(isAtOrBelow('99', 9, mark)).toBe(true);
});
