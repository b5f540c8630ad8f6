import { formatPath, getPath, parsePath } from '@millrace/core/record/path';
import fc from 'fast-check';

describe('parsePath', () => {
  test.each([
    ['a', ['a']],
    ['a.b.0.c', ['a', 'b', '0', 'c']],
    ['a\\.b.c', ['a.b', 'c']],
    ['\\.', ['.']],
    ['a\\\\.b', ['a\\', 'b']],
    ['a\\b', ['a\\b']],
    ['a\\', ['a\\']],
    ['__proto__.x', ['__proto__', 'x']],
    ['ä 1.€', ['ä 1', '€']],
    ['_id.$oid', ['_id', '$oid']],
    ['a.$', ['a', '$']],
    ['\\$.a', ['$', 'a']],
    ['\\$', ['$']],
    ['a\\[0]', ['a[0]']],
    ['a[b', ['a[b']],
    ['a[b c]', ['a[b c]']],
  ])('%j has the steps %j', (text, steps) => {
    expect(parsePath(text)).toEqual(steps);
  });

  test.each(['', '.', 'a.', '.a', 'a..b', '$', '$.a', 'a[0]', 'a[]', 'a[-1]', 'a[*].b', 'a["b"]'])(
    '%j is no path',
    (text) => {
      expect(typeof parsePath(text)).toBe('string');
    },
  );

  test('reads what formatPath writes, so no two paths are written alike', () => {
    const step = fc.string({
      minLength: 1,
      unit: fc.constantFrom('a', '.', '\\', '0', ' ', '$', '[', ']'),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1 }), (path) => {
        expect(parsePath(formatPath(path))).toEqual(path);
      }),
    );
  });
});

describe('getPath', () => {
  const record = JSON.parse(
    '{"a":{"b":[{"c":1},"x"],"":2},"n":null,"f":false,"z":0,"s":"text","l":[1,[2]],"0":"zero"}',
  );

  test.each([
    ['a.b.0.c', 1],
    ['a.b.1', 'x'],
    ['n', null],
    ['f', false],
    ['z', 0],
    ['0', 'zero'],
    ['l.1.0', 2],
    ['a', record.a],
  ])('%s is %j', (path, value) => {
    expect(getPath(record, parsePath(path) as string[])).toBe(value);
  });

  test.each([
    'missing',
    'a.missing.x',
    'n.x',
    's.length',
    's.0',
    'z.toFixed',
    'l.length',
    'l.00',
    'l.01',
    'l.-1',
    'l.-0',
    'l.1.5',
    'l.1e0',
    'l. 1',
    'l.2',
    'l.map',
    'l.__proto__',
    'constructor',
    'constructor.name',
    '__proto__',
    '__proto__.constructor.name',
    'toString',
    'hasOwnProperty',
    'a.valueOf',
  ])('%s is nothing', (path) => {
    expect(getPath(record, parsePath(path) as string[])).toBeUndefined();
  });

  test.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])(
    'a record may have a field of its own called %s',
    (name) => {
      const own = JSON.parse(`{"${name}":{"x":1}}`);
      expect(getPath(own, [name, 'x'])).toBe(1);
    },
  );
});
