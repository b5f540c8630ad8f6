import { parsePipelineText } from '@millrace/core/pipeline/parse';
import { createShiftTime, shiftOf } from '../../../../cli/src/replay-to/shift-time';

const metric = (changes: object = {}) => ({
  series: ['h'],
  time: 'ts',
  value: 'v',
  window: { type: 'tumbling', size: '1m' },
  aggregates: ['count'],
  ...changes,
});

const pipelineOf = (metrics: object) =>
  parsePipelineText(JSON.stringify({ version: 1, metrics })).pipeline;

const HOUR_MS = 3_600_000;

const shifted = (text: string, metrics: object, shiftMs = HOUR_MS) =>
  Buffer.from(createShiftTime(pipelineOf(metrics), shiftMs)(Buffer.from(text))).toString();

describe('an hour later', () => {
  test.each<[string, string, object, string]>([
    ['milliseconds', '{"ts": 1000, "x":1.0}', {}, '{"ts": 3601000, "x":1.0}'],
    ['a fraction', '{"ts":1000.25}', {}, '{"ts":3601000.25}'],
    ['seconds', '{"ts":10.5}', { timeUnit: 's' }, '{"ts":3610.5}'],
    [
      'nanoseconds that no double holds',
      '{"ts":1763943721123456789}',
      { timeUnit: 'ns' },
      '{"ts":1763947321123456789}',
    ],
    ['before 1970', '{"ts":-3600001}', {}, '{"ts":-1}'],
    ['an exponent', '{"ts":1e3}', {}, '{"ts":3601000}'],
    [
      'ISO 8601 in UTC',
      '{"ts":"2026-12-31T23:30:01.250Z"}',
      {},
      '{"ts":"2027-01-01T00:30:01.250Z"}',
    ],
    ['with its zone', '{"ts":"2026-11-24T10:00+05:30"}', {}, '{"ts":"2026-11-24T11:00+05:30"}'],
    ['a nested path', '{"a":[{"t":0}],"ts":5}', { time: 'a.0.t' }, '{"a":[{"t":3600000}],"ts":5}'],
    ['no event time', '{"ts":"yesterday"}', {}, '{"ts":"yesterday"}'],
    ['no such field', '{"other":1}', {}, '{"other":1}'],
    ['no JSON object', '[1000]', {}, '[1000]'],
    ['a metric it does not match', '{"ts":1}', { match: { type: 'b' } }, '{"ts":1}'],
  ])('%s', (_, text, changes, expected) => {
    expect(shifted(text, { m: metric(changes) })).toBe(expected);
  });

  test('of several metrics each path moves once', () => {
    const metrics = { a: metric(), b: metric(), c: metric({ time: 'at', timeUnit: 's' }) };

    expect(shifted('{"ts":1,"at":1}', metrics)).toBe('{"ts":3600001,"at":3601}');
  });

  test('an hour earlier', () => {
    expect(shifted('{"ts":3600001}', { m: metric() }, -HOUR_MS)).toBe('{"ts":1}');
  });
});

describe('the shift', () => {
  const window = (size: string) => ({ m: metric({ window: { type: 'tumbling', size } }) });

  test.each<[string, object, number]>([
    ['whole minutes', window('10s'), 120_000],
    ['whole windows', window('2m'), 120_000],
    ['whole windows of several sizes', { ...window('2m'), n: metric() }, 120_000],
    ['minutes, when a window is longer than an hour', window('7h'), 120_000],
    ['never into the future', window('5m'), 0],
  ])('%s', (_, metrics, expected) => {
    expect(shiftOf(pipelineOf(metrics), 1_000_000, 1_000_000 + 179_999)).toBe(expected);
  });
});
