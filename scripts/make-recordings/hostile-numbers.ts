import { type Expectation, type HostileRecording, hostileScript, T0 } from './hostile-recording';

/** Numbers and times at the edges of doubles and dates. Every case has a series of its own. */
export function numbers(): HostileRecording {
  const script = hostileScript(100);
  script.wait(60_000);
  let series = 0;
  const raw = (expect: Expectation, why: string, type: string, fields: string, name: string) =>
    script.add(expect, why, `{"type":"${type}","series":"${name}",${fields}}`, name);
  const values = (
    why: string,
    ...list: readonly (readonly [expect: Expectation, value: string])[]
  ) => {
    const name = `value-${++series}`;
    for (const [expect, value] of list) {
      raw(expect, why, 'reading', `"ts":${T0 + 50_000},"value":${value}`, name);
    }
  };
  const time = (expect: Expectation, why: string, type: string, ts: string) =>
    raw(expect, why, type, `"ts":${ts},"value":1`, `time-${++series}`);
  const text = (expect: Expectation, why: string, value: string) =>
    raw(expect, why, 'text', `"ts":${T0},"value":${JSON.stringify(value)}`, `text-${++series}`);

  values(
    'the sum, or the square of the difference, is infinite',
    ['applied', '1e308'],
    ['invalid:fold', '1e308'],
    ['invalid:fold', '1'],
  );
  values(
    'the square of the difference is infinite',
    ['applied', '1e200'],
    ['invalid:fold', '-1e200'],
  );
  values('the largest double, once', ['applied', '1.7976931348623157e308']);
  values('the smallest double', ['applied', '5e-324'], ['applied', '-5e-324']);
  values('beyond all doubles', ['invalid:value', '1e400'], ['invalid:value', '-1e400']);
  values('reads as zero', ['applied', '1e-400']);
  values('minus zero', ['applied', '-0'], ['applied', '0']);
  values(
    'thirds of a binary fraction',
    ['applied', '0.1'],
    ['applied', '0.2'],
    ['applied', '-0.3'],
  );
  values(
    'beyond exact integers',
    ['applied', '9007199254740993'],
    ['applied', '-9007199254740993'],
  );
  values('sixty digits', [
    'applied',
    '3.14159265358979323846264338327950288419716939937510582097494',
  ]);
  values(
    'large and small: naive sums lose the small',
    ['applied', '1e15'],
    ['applied', '0.125'],
    ['applied', '-1e15'],
  );

  time('applied', 'a fraction of a millisecond, rounded down', 'reading', `${T0}.9`);
  time('applied', '1970', 'reading', '0');
  time('applied', 'minus zero', 'reading', '-0');
  time('applied', 'the millisecond before 1970', 'reading', '-1');
  time('applied', 'long before Christ', 'reading', '-100000000000000');
  time('applied', 'the first day of all dates', 'reading', '-8639999999900000');
  time(
    'invalid:time',
    'the first instant: its window would begin before it',
    'reading',
    '-8640000000000001',
  );
  time('invalid:time', 'beyond the last date', 'reading', '8640000000000001');
  time('invalid:time', 'infinite', 'reading', '1e400');
  time(
    'invalid:future',
    'nanoseconds where milliseconds are expected',
    'reading',
    `${T0 + 50_000}`.padEnd(16, '0'),
  );
  const arrival = (skewMs: number) => String(T0 + script.nowMs + skewMs);
  time('applied', 'as far ahead as allowed', 'reading', arrival(20_000));
  time('invalid:future', 'a millisecond further', 'reading', arrival(20_001));
  time('applied', 'seconds with a fraction', 'seconds', `${T0 / 1000}.5`);
  time('applied', 'microseconds', 'micros', `${T0}500`);
  time('applied', 'nanoseconds: a double cannot hold them all', 'nanos', `${T0}123456`);
  const written: readonly (readonly [Expectation, string, string])[] = [
    ['applied', 'no seconds', '2026-03-01T00:00Z'],
    ['applied', 'nine decimals, rounded down', '2026-03-01T00:00:00.999999999Z'],
    ['applied', 'an offset to the east', '2026-03-01T05:30:00+05:30'],
    ['applied', 'an offset to the west, the day before', '2026-02-28T16:00:00-08:00'],
    ['applied', 'a leap day', '2024-02-29T12:00:00Z'],
    ['applied', 'year zero', '0000-01-01T00:00:00Z'],
    ['applied', 'a year JavaScript takes for 1999', '0099-12-31T23:59:59Z'],
    ['invalid:time', 'a comma', '2026-03-01T00:00:00,5Z'],
    ['invalid:time', 'a space for the T', '2026-03-01 00:00:00Z'],
    ['invalid:time', 'hour 24', '2026-03-01T24:00:00Z'],
    ['invalid:time', 'the American way', '03/01/2026 00:00:00'],
    ['invalid:time', 'something behind', '2026-03-01T00:00:00Z '],
  ];
  for (const [expect, why, ts] of written) time(expect, why, 'reading', JSON.stringify(ts));

  for (const good of ['1.5', '-0', '1e3', '0', '1E+2'])
    text('applied', 'exactly a JSON number', good);
  const bad = [
    '',
    ' 1',
    '1 ',
    '+1',
    '.5',
    '1.',
    '01',
    '0x10',
    '1e',
    'NaN',
    'Infinity',
    '1_000',
    '1,5',
    '1e400',
    '١',
  ];
  for (const each of bad) text('invalid:value', 'no JSON number, or no finite one', each);
  return {
    name: 'numbers',
    gzip: false,
    origin: 'hand-written: numbers and times at the edges of doubles and dates',
    records: script.records,
  };
}
