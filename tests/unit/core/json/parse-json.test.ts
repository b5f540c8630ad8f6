import { parseJson } from '@millrace/core/json/parse-json';
import fc from 'fast-check';
import { parseReferenceJson } from '../../../helper/reference-json';

const DIGITS_256 = `1${'0'.repeat(254)}7`;

describe('parseJson', () => {
  test.each<[string, unknown]>([
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740991', -9007199254740991],
    ['-9007199254740993', -9007199254740993n],
    ['[1234567890123456]', [1234567890123456]],
    ['{"id":1524831183200260097,"n":1}', { id: 1524831183200260097n, n: 1 }],
    ['{"a":{"b":[1,[9007199254740993]]}}', { a: { b: [1, [9007199254740993n]] } }],
    ['[9007199254740993.0,9007199254740993e0,90071992547409930E-1]', [2 ** 53, 2 ** 53, 2 ** 53]],
    ['[0.12345678901234567890,-0,1e30]', [0.12345678901234568, -0, 1e30]],
    ['"9007199254740993"', '9007199254740993'],
    [
      '{"a":"\\"9007199254740993","b":"\\\\","c":9007199254740993}',
      { a: '"9007199254740993', b: '\\', c: 9007199254740993n },
    ],
    ['{"9007199254740993":9007199254740993}', { '9007199254740993': 9007199254740993n }],
    ['{"a":9007199254740993,"a":1}', { a: 1 }],
    ['{"a":1,"a":9007199254740993}', { a: 9007199254740993n }],
    ['{"a":{"b":9007199254740993},"a":{"b":9007199254740992.0}}', { a: { b: 2 ** 53 } }],
    [' \t\n 9007199254740993 \r\n ', 9007199254740993n],
    [DIGITS_256, BigInt(DIGITS_256)],
    [`-${DIGITS_256}`, -BigInt(DIGITS_256)],
    [`${DIGITS_256}1`, 1e256],
    [`[${'9'.repeat(5_000)}]`, [Number.POSITIVE_INFINITY]],
  ])('literal %#', (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  test('no text can forge an integer, not even with the mark it is told by', () => {
    const text = '{"a":"\\u00009007199254740993","\\u0000b":"\\u0000","c":9007199254740993}';
    expect(parseJson(text)).toEqual({
      a: '\u00009007199254740993',
      '\u0000b': '\u0000',
      c: 9007199254740993n,
    });
  });

  test('a field called __proto__ is a field', () => {
    const parsed = parseJson('{"__proto__":9007199254740993}') as object;
    expect(Object.entries(parsed)).toEqual([['__proto__', 9007199254740993n]]);
  });

  test.each([
    '{9007199254740993:1}',
    '{9007199254740993 :1}',
    '09007199254740993',
    '+9007199254740993',
    '9007199254740993a',
    '"9007199254740993',
    '[9007199254740993 9007199254740993]',
    '--9007199254740993',
    '9007199254740993-',
  ])('what is no JSON stays none: %s', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  test('a megabyte of long integers, and a deep one, cost well below a second', () => {
    const many = `[${Array.from({ length: 50_000 }, (_, at) => `90071992547409${93 + at}`).join()}]`;
    const deep = `${'['.repeat(200_000)}9007199254740993${']'.repeat(200_000)}`;
    const huge = `[${'9'.repeat(1_000_000)},"${'\\'.repeat(1_000_000)}"]`;
    const startedMs = performance.now();
    expect((parseJson(many) as bigint[]).every((each) => typeof each === 'bigint')).toBe(true);
    parseJson(deep);
    parseJson(huge);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  const integer = fc.oneof(
    fc.bigInt().map(String),
    fc.constantFrom('9007199254740991', '-9007199254740992', '1234567890123456789'),
  );
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('"', '\\', '\0', '9', '1234567890123456789', 'u0000') }),
    fc.string(),
  );
  const { json } = fc.letrec<{ json: string }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      integer,
      text.map((each) => JSON.stringify(each)),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => JSON.stringify(each)),
      fc.array(tie('json'), { maxLength: 4 }).map((each) => `[${each.join(' , ')}]`),
      fc
        .array(fc.tuple(text, tie('json')), { maxLength: 4 })
        .map((each) => `{${each.map(([name, of]) => `${JSON.stringify(name)}: ${of}`).join()}}`),
    ),
  }));

  test('any JSON is what a reader of another make sees', () => {
    fc.assert(
      fc.property(json, (each) => {
        expect(parseJson(each)).toEqual(parseReferenceJson(each));
      }),
    );
  });
});
