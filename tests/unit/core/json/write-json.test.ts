import { parseJson } from '@millrace/core/json/parse-json';
import { jsonText } from '@millrace/core/json/write-json';

const PLAIN = { a: [1, 'x\u2028', null, [], {}], b: { c: true, d: undefined }, e: [undefined] };

describe('jsonText', () => {
  test.each([0, 2])('with an indent of %i, without a bigint it is JSON.stringify', (indent) => {
    expect(jsonText(PLAIN, indent)).toBe(JSON.stringify(PLAIN, null, indent));
  });

  test.each([0, 2])('with an indent of %i, a bigint stands where its double would', (indent) => {
    const text = jsonText({ ...PLAIN, id: 9007199254740993n }, indent);
    const rounded = JSON.stringify({ ...PLAIN, id: 9007199254740992 }, null, indent);
    expect(text).toBe(rounded.replace('9007199254740992', '9007199254740993'));
  });

  test('gives back what parseJson read', () => {
    const text = '{"id":-9007199254740993,"list":[76561197980428151,1.5],"name":"7"}';
    expect(jsonText(parseJson(text))).toBe(text);
  });
});
