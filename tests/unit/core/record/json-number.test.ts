import { finiteNumber, isJsonNumber } from '@millrace/core/record/json-number';
import fc from 'fast-check';

describe('isJsonNumber', () => {
  test.each(['0', '-0', '1.5', '-12e3', '1E+2', '1e-2', '0.0'])('%s is one', (text) => {
    expect(isJsonNumber(text)).toBe(true);
  });

  test.each([
    ...['', ' 1', '1 ', '1\n', '+1', '01', '-01', '1.', '.5', '1e', '0x10', 'NaN', 'Infinity'],
    ...['1_000', '1,5', '--1', '１', '1n', 'true'],
  ])('%j is none', (text) => {
    expect(isJsonNumber(text)).toBe(false);
  });

  test('agrees with JSON.parse on texts of number characters', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0019.-+eE'), minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(text, (candidate) => {
        let parsed = true;
        try {
          JSON.parse(candidate);
        } catch {
          parsed = false;
        }
        expect(isJsonNumber(candidate)).toBe(parsed);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('finiteNumber', () => {
  test.each([
    [1.5, false, 1.5],
    [0, true, 0],
    ['1.5', true, 1.5],
    ['-1e3', true, -1000],
  ])('%p with coerce %p is %d', (value, coerce, number) => {
    expect(finiteNumber(value, coerce)).toBe(number);
  });

  test.each([
    ['1.5', false],
    ['1e400', true],
    [JSON.parse('1e400'), false],
    [JSON.parse('-1e400'), true],
    ['', true],
    [' 1', true],
    [null, true],
    [true, true],
    [[1], true],
    [{}, true],
    [undefined, true],
  ])('%p with coerce %p is none', (value, coerce) => {
    expect(finiteNumber(value, coerce)).toBeNaN();
  });
});
