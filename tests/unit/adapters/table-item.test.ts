import { checkedItemBytes, itemBytes } from '@millrace/adapters/table-item';
import { BugError } from '@millrace/core/error';
import type { Attribute } from '@millrace/core/port';

const key = { pk: 'p', sk: 's' };
const KEY_BYTES = 6;

describe('size of an attribute, its name of one byte included', () => {
  test.each<[string, Attribute, number]>([
    ['a text in ASCII', 'abc', 4],
    ['a text in UTF-8', 'é😀', 7],
    ['an empty text', '', 1],
    ['a boolean', true, 2],
    ['zero', 0, 2],
    ['one digit', 7, 3],
    ['two digits', 42, 3],
    ['three digits', 123, 4],
    ['zeros at the end are free', 1_200_000, 3],
    ['a minus sign', -42, 4],
    ['a time in milliseconds', 1_607_497_545_123, 9],
  ])('%s: %j', (_, value, bytes) => {
    expect(checkedItemBytes({ ...key, a: value })).toBe(KEY_BYTES + bytes);
    expect(itemBytes({ ...key, a: value })).toBe(KEY_BYTES + bytes);
  });
});

test('the refusal of a large item names the hash of the key and both sizes', () => {
  const item = { ...key, a: 'x'.repeat(409_600) };
  const expected = 'an item with hash 2f80e8e6 has 409607 bytes, a table item holds at most 409600';
  expect(() => checkedItemBytes(item)).toThrow(new BugError(expected));
});

test('an attribute that would change the prototype is refused', () => {
  const item = JSON.parse('{"pk":"p","sk":"s","__proto__":"x"}');
  expect(() => checkedItemBytes(item)).toThrow(BugError);
});
