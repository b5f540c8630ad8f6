import { memberSpan } from '../../../../cli/src/recording/member-span';

function textOf(line: string, name = 'j'): string | undefined {
  const span = memberSpan(line, name);
  return span && line.slice(span.start, span.end);
}

describe('memberSpan', () => {
  it.each([
    ['number spelling', '{"j":{"x":1.0,"y":1e2,"z":-0}}', '{"x":1.0,"y":1e2,"z":-0}'],
    ['an integer beyond 2^53', '{"j":{"id":12345678901234567890}}', '{"id":12345678901234567890}'],
    ['spaces inside', '{"j" : { "a" : [ 1 , 2 ] } }', '{ "a" : [ 1 , 2 ] }'],
    ['key order and repeated keys', '{"j":{"b":1,"a":2,"b":3}}', '{"b":1,"a":2,"b":3}'],
    ['brackets and quotes in strings', '{"j":{"s":"}]\\"{["}}', '{"s":"}]\\"{["}'],
    ['a backslash before the closing quote', '{"j":{"s":"\\\\"}}', '{"s":"\\\\"}'],
    ['members before and behind', '{"a":1.5,"j":{},"p":"k"}', '{}'],
    ['a j inside another value', '{"x":{"j":1},"j":{"y":2}}', '{"y":2}'],
    ['a j only as a string value', '{"x":"j","j":{"y":2}}', '{"y":2}'],
    ['an escaped key', '{"\\u006a":{"y":2}}', '{"y":2}'],
    ['the last of repeated members', '{"j":{"y":1},"j":{"y":2}}', '{"y":2}'],
    ['tabs between all parts', '{\t"p"\t:\t"k"\t,\t"j"\t:\t{\t}\t}', '{\t}'],
    ['text beyond ASCII', '{"p":"ключ","j":{"n":"né😀"}}', '{"n":"né😀"}'],
  ])('finds the exact text with %s', (_name, line, expected) => {
    expect(textOf(line)).toBe(expected);
  });

  it.each([
    ['a number', '{"j":12.50}', '12.50'],
    ['a string', '{"j":"a,b}"}', '"a,b}"'],
    ['true before another member', '{"j":true,"a":1}', 'true'],
    ['a list', '{"j":[[],[1]],"a":1}', '[[],[1]]'],
  ])('finds %s', (_name, line, expected) => {
    expect(textOf(line)).toBe(expected);
  });

  it.each([
    ['an empty object', '{}'],
    ['an object without it', '{"a":{"j":1}}'],
  ])('answers undefined for %s', (_name, line) => {
    expect(textOf(line)).toBeUndefined();
  });
});
