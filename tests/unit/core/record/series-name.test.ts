import { explainSeries, seriesName } from '@millrace/core/record/series-name';
import fc from 'fast-check';

const paths = [['a'], ['b']];

describe('seriesName', () => {
  test.each([
    [{ a: 'web', b: 'eu' }, 'web|eu'],
    [{ a: 'x|y', b: 'z' }, 'x\\|y|z'],
    [{ a: 'x', b: 'y|z' }, 'x|y\\|z'],
    [{ a: '\\', b: '|\\|' }, '\\\\|\\|\\\\\\|'],
    [{ a: '', b: '' }, '|'],
    [{ a: 1, b: true }, '1|true'],
    [{ a: 1e21, b: 1e-7 }, '1e+21|1e-7'],
    [{ a: -0, b: 0.1 }, '0|0.1'],
    [{ a: '#', b: '%23' }, '#|%23'],
  ])('%j is %s', (record, name) => {
    expect(seriesName(record, paths)).toBe(name);
  });

  test('no paths are the one series', () => {
    expect(seriesName({}, [])).toBe('*');
  });

  test('an own * is escaped nowhere, as a metric has either paths or none', () => {
    expect(seriesName({ a: '*' }, [['a']])).toBe('*');
  });

  test.each([
    [{ a: 'x' }, 'b: expected a string, number or boolean, got nothing'],
    [{ a: null, b: 1 }, 'a: expected a string, number or boolean, got null'],
    [{ a: 'x', b: {} }, 'b: expected a string, number or boolean, got an object'],
    [{ a: ['x'], b: 1 }, 'a: expected a string, number or boolean, got a list'],
    [{ a: 'x', b: '\ud800' }, 'b: not valid Unicode'],
    [{ a: 'x', b: 'y'.repeat(511) }, 'the series name is longer than 512 bytes of UTF-8'],
    [{ a: 'x', b: '€'.repeat(171) }, 'the series name is longer than 512 bytes of UTF-8'],
  ])('%j has none', (record, why) => {
    expect(seriesName(record, paths)).toBeNull();
    expect(explainSeries(record, paths)).toBe(why);
  });

  test('512 bytes are enough', () => {
    expect(seriesName({ a: 'x', b: 'y'.repeat(510) }, paths)).toHaveLength(512);
    expect(seriesName({ a: '€'.repeat(170), b: 'y' }, paths)).toHaveLength(172);
  });

  test('texts that differ anywhere have different names', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '|', '\\'), maxLength: 4 });
    const pair = fc.tuple(text, text);
    fc.assert(
      fc.property(pair, pair, ([a, b], [c, d]) => {
        const same = seriesName({ a, b }, paths) === seriesName({ a: c, b: d }, paths);
        expect(same).toBe(a === c && b === d);
      }),
      { numRuns: 2_000 },
    );
  });
});
