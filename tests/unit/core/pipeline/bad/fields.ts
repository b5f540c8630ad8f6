import { smallest, withMetric } from '../examples';
import type { BadPipeline } from './bad-pipeline';

export const FIELDS: readonly BadPipeline[] = [
  {
    name: 'an empty metric',
    json: withMetric({}),
    problems: [
      'metrics.m.window: missing, expected a window like {"type":"tumbling","size":"1m"}',
      'metrics.m.aggregates: missing, expected a list of aggregates like ["count","mean"]',
    ],
  },
  {
    name: 'a misspelt field',
    json: smallest({ serie: ['host'] }),
    problems: ['metrics.m.serie: unknown field, did you mean "series"?'],
  },
  {
    name: 'a field nobody knows, with a line break in its name',
    json: smallest({ 'colour\nred': 1 }),
    problems: ['metrics.m.colour\\u000ared: unknown field'],
  },
  {
    name: 'match as a text',
    json: smallest({ match: 'host' }),
    problems: ['metrics.m.match: expected an object like {"type":"host"}, got "host"'],
  },
  {
    name: 'match with an empty list',
    json: smallest({ match: { type: [] } }),
    problems: [
      'metrics.m.match.type: expected a string, number, boolean or null, or a list of them, got an empty list',
    ],
  },
  {
    name: 'match with objects',
    json: smallest({ match: { type: { a: 1 }, host: ['a', ['b']] } }),
    problems: [
      'metrics.m.match.type: expected a string, number, boolean or null, or a list of them, got an object',
      'metrics.m.match.host.1: expected a string, number, boolean or null, got a list',
    ],
  },
  {
    name: 'match with a bad path',
    json: smallest({ match: { 'a..b': 1 } }),
    problems: [
      'metrics.m.match: expected paths like "a.b.0" as names, got "a..b" (a step is empty: write "a.b")',
    ],
  },
  {
    name: 'series as a text',
    json: smallest({ series: 'host' }),
    problems: ['metrics.m.series: expected a list of paths like ["host"], got "host"'],
  },
  {
    name: 'a number in series',
    json: smallest({ series: ['a', 1] }),
    problems: ['metrics.m.series.1: expected a path like "a.b.0", got 1'],
  },
  {
    name: 'time as null',
    json: smallest({ time: null }),
    problems: ['metrics.m.time: expected a path like "a.b.0", got null'],
  },
  {
    name: 'an unknown unit',
    json: smallest({ time: 'ts', timeUnit: 'sec' }),
    problems: ['metrics.m.timeUnit: expected one of "s", "ms", "us", "ns", got "sec"'],
  },
  {
    name: 'a unit without time',
    json: smallest({ timeUnit: 's' }),
    problems: ['metrics.m.timeUnit: has no effect without "time"'],
  },
  {
    name: 'coerce as a text',
    json: smallest({ value: 'v', coerce: 'yes' }),
    problems: ['metrics.m.coerce: expected true or false, got "yes"'],
  },
  {
    name: 'coerce without anything to read',
    json: smallest({ coerce: true }),
    problems: ['metrics.m.coerce: has no effect without "value" or an aggregate with a "path"'],
    beyondSchema: true,
  },
  {
    name: 'maxPastSkew without time',
    json: smallest({ maxPastSkew: '1d' }),
    problems: ['metrics.m.maxPastSkew: has no effect without "time"'],
  },
  {
    name: 'maxPastSkew of zero',
    json: smallest({ time: 'ts', maxPastSkew: '0s' }),
    problems: ['metrics.m.maxPastSkew: expected a duration longer than zero, got "0s"'],
  },
  {
    name: 'brackets wherever a path may stand',
    json: smallest({
      match: { '$.type': 1 },
      series: ['a[0]'],
      value: 'a[1]',
      dedupe: { by: 'eventId', path: '$.id' },
      aggregates: ['count', { op: 'max', path: 'b[2]' }],
    }),
    problems: [
      'metrics.m.aggregates.1.path: expected a path like "a.b.0", got "b[2]" (an entry of a list is a step of its own, without brackets: write "b.2")',
      'metrics.m.match: expected paths like "a.b.0" as names, got "$.type" (a path has no "$", it begins with the first field: write "type")',
      'metrics.m.series.0: expected a path like "a.b.0", got "a[0]" (an entry of a list is a step of its own, without brackets: write "a.0")',
      'metrics.m.value: expected a path like "a.b.0", got "a[1]" (an entry of a list is a step of its own, without brackets: write "a.1")',
      'metrics.m.dedupe.path: expected a path like "a.b.0", got "$.id" (a path has no "$", it begins with the first field: write "id")',
    ],
  },
  {
    name: 'idleClose of zero',
    json: smallest({ idleClose: '0s' }),
    problems: ['metrics.m.idleClose: expected a duration longer than zero, got "0s"'],
  },
  {
    name: 'every tolerance wrong',
    json: smallest({
      outOfOrderness: 1,
      allowedLateness: 'x',
      maxFutureSkew: '1',
      idleClose: true,
    }),
    problems: [
      'metrics.m.allowedLateness: expected a duration like "1m", got "x"',
      'metrics.m.maxFutureSkew: expected a duration like "1m", got "1"',
      'metrics.m.outOfOrderness: expected a duration like "1m", got 1',
      'metrics.m.idleClose: expected a duration like "1m", got true',
    ],
  },
  {
    name: 'a duration of more than a century',
    json: smallest({ allowedLateness: '36501d' }),
    problems: ['metrics.m.allowedLateness: expected a duration of at most 36500d, got "36501d"'],
    beyondSchema: true,
  },
  {
    name: 'dedupe without by',
    json: smallest({ dedupe: {} }),
    problems: ['metrics.m.dedupe.by: missing, expected one of "eventId", "eventTime"'],
  },
  {
    name: 'dedupe by id without path',
    json: smallest({ dedupe: { by: 'eventId' } }),
    problems: ['metrics.m.dedupe.path: missing, expected a path like "id"'],
  },
  {
    name: 'dedupe by time with a path',
    json: smallest({ time: 't', dedupe: { by: 'eventTime', path: 'id' } }),
    problems: [
      'metrics.m.dedupe.path: has no effect with "by":"eventTime"; to compare a field, use "eventId"',
    ],
  },
  {
    name: 'dedupe by time with a misspelt path',
    json: smallest({ time: 't', dedupe: { by: 'eventTime', pathh: 'id' } }),
    problems: ['metrics.m.dedupe.pathh: unknown field, did you mean "path"?'],
  },
  {
    name: 'dedupe by something else',
    json: smallest({ dedupe: { by: 'id', path: 'id' } }),
    problems: ['metrics.m.dedupe.by: expected one of "eventId", "eventTime", got "id"'],
  },
];

export const PATHS: readonly BadPipeline[] = [
  ['', 'it is empty'],
  ['.', 'a step is empty'],
  ['a..b', 'a step is empty: write "a.b"'],
  ['.a', 'a step is empty: write "a"'],
  ['a.', 'a step is empty: write "a"'],
  ['$', 'a path has no "$", it begins with the first field'],
  ['$.a.b', 'a path has no "$", it begins with the first field: write "a.b"'],
  ['$[0].a', 'a path has no "$", it begins with the first field: write "0.a"'],
  ['a[0]', 'an entry of a list is a step of its own, without brackets: write "a.0"'],
  ['a[0][1].b', 'an entry of a list is a step of its own, without brackets: write "a.0.1.b"'],
  ['a[*].b', 'an entry of a list is a step of its own, without brackets: write "a.0.b"'],
  ['a[].b', 'an entry of a list is a step of its own, without brackets: write "a.0.b"'],
  ["a['b']", 'an entry of a list is a step of its own, without brackets: write "a.b"'],
].map(([path, why]) => ({
  name: `the path ${JSON.stringify(path)}`,
  json: smallest({ time: path }),
  problems: [`metrics.m.time: expected a path like "a.b.0", got "${path}" (${why})`],
}));
