import { printable } from '@millrace/core/text/printable';

describe('printable', () => {
  it.each([
    ['escape', '\u001b[31mred', '\\u001b[31mred'],
    ['a title', '\u001b]0;x\u0007', '\\u001b]0;x\\u0007'],
    ['line breaks and tabs', 'a\nb\r\tc', 'a\\u000ab\\u000d\\u0009c'],
    ['NUL and DEL', '\u0000\u007f', '\\u0000\\u007f'],
    ['C1 controls', '\u0080\u009b31m\u009f', '\\u0080\\u009b31m\\u009f'],
    ['bidi overrides', '\u202agnp\u202e', '\\u202agnp\\u202e'],
    ['bidi isolates', '\u2066a\u2069', '\\u2066a\\u2069'],
    ['bidi marks', '\u200e\u200f\u061c', '\\u200e\\u200f\\u061c'],
    ['separators', '\u2028\u2029', '\\u2028\\u2029'],
    ['zero width', 'a\u200bb\u200cc\u200d\u2060\ufeff', 'a\\u200bb\\u200cc\\u200d\\u2060\\ufeff'],
    ['a soft hyphen and a filler', '\u00ad\u3164', '\\u00ad\\u3164'],
    ['tag characters', '\u{e0041}', '\\udb40\\udc41'],
    ['lone surrogates', 'a\ud800b\udc00', 'a\\ud800b\\udc00'],
  ])('escapes %s', (_name, text, expected) => {
    expect(printable(text)).toBe(expected);
    expect(printable(expected)).toBe(expected);
  });

  it.each(['web-1', 'höst', '日本 שלום', 'a\\|b "quoted" <b>', '🚀', ''])('keeps %p', (text) => {
    expect(printable(text)).toBe(text);
  });

  it('of JSON is the same JSON', () => {
    const value = { 'k\u009b\u202e': ['\u001b"\\\n', '\u{e0041}', '\ud800', 'höst'] };

    expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
  });
});
