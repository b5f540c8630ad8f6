import { SMALLEST_METRIC, smallest, withMetric } from './examples';

export interface BadPipeline {
  readonly name: string;
  readonly json: unknown;
  /** Every line, without `pipeline.json: `. */
  readonly problems: readonly string[];
  /** A JSON Schema cannot say it (relations between values, bytes of UTF-8). */
  readonly beyondSchema?: true;
}

const DURATIONS: readonly BadPipeline[] = [
  ['1 minute', 'a duration like "1m"', '"1 minute"'],
  ['1.5m', 'a duration like "1m"', '"1.5m"'],
  ['-1m', 'a duration like "1m"', '"-1m"'],
  ['01m', 'a duration like "1m"', '"01m"'],
  ['1M', 'a duration like "1m"', '"1M"'],
  ['1w', 'a duration like "1m"', '"1w"'],
  ['60', 'a duration like "1m"', '"60"'],
  [' 1m', 'a duration like "1m"', '" 1m"'],
  ['1m\n', 'a duration like "1m"', '"1m\\n"'],
  ['', 'a duration like "1m"', '""'],
  [60_000, 'a duration like "1m"', '60000'],
  [null, 'a duration like "1m"', 'null'],
  ['0s', 'a duration longer than zero', '"0s"'],
  ['0ms', 'a duration longer than zero', '"0ms"'],
].map(([size, expected, got]) => ({
  name: `window size ${JSON.stringify(size)}`,
  json: smallest({ window: { type: 'tumbling', size } }),
  problems: [`metrics.m.window.size: expected ${expected}, got ${got}`],
}));

const OPS =
  'one of count, sum, mean, min, max, first, last, variance, stddev, p50, p90, p95, p99, p999, distinct, rate, top';
const RESERVED = [
  'metric',
  'series',
  'start',
  'end',
  'rev',
  'late',
  'score',
  'anomaly',
  '__proto__',
];

const OUTPUTS: readonly BadPipeline[] = RESERVED.map((as) => ({
  name: `an output called ${as}`,
  json: smallest({ aggregates: [{ op: 'sum', as }] }),
  problems: [
    `metrics.m.aggregates.0.as: expected a name other than ${RESERVED.join(', ')}, got "${as}"`,
  ],
}));

const PATHS: readonly BadPipeline[] = [
  ['', 'it is empty'],
  ['a..b', 'a step is empty'],
  ['.a', 'a step is empty'],
  ['a.', 'a step is empty'],
].map(([path, why]) => ({
  name: `the path ${JSON.stringify(path)}`,
  json: smallest({ time: path }),
  problems: [`metrics.m.time: expected a path like "a.b.0", got "${path}" (${why})`],
}));

const ROOT: readonly BadPipeline[] = [
  {
    name: 'a list',
    json: [],
    problems: ['expected an object like {"version":1,"metrics":{…}}, got an empty list'],
  },
  {
    name: 'null',
    json: null,
    problems: ['expected an object like {"version":1,"metrics":{…}}, got null'],
  },
  {
    name: 'an empty object',
    json: {},
    problems: [
      'version: missing, expected 1',
      'metrics: missing, expected an object like {"host.cpu":{…}}',
    ],
  },
  {
    name: 'another version',
    json: { version: 2, metrics: { m: SMALLEST_METRIC } },
    problems: ['version: expected 1, got 2'],
  },
  {
    name: 'no metrics',
    json: { version: 1, metrics: {} },
    problems: ['metrics: expected at least one metric'],
  },
  {
    name: 'metrics as a list',
    json: { version: 1, metrics: [SMALLEST_METRIC] },
    problems: ['metrics: expected an object like {"host.cpu":{…}}, got a list'],
  },
  {
    name: 'a misspelt root field',
    json: { version: 1, metric: {}, metrics: { m: SMALLEST_METRIC } },
    problems: ['metric: unknown field, did you mean "metrics"?'],
  },
  {
    name: '$schema of the wrong type',
    json: { $schema: 1, version: 1, metrics: { m: SMALLEST_METRIC } },
    problems: ['$schema: expected a string, got 1'],
  },
  {
    name: 'a transform with a folder',
    json: { version: 1, transform: '../x', metrics: { m: SMALLEST_METRIC } },
    problems: [
      'transform: expected the name of a file in transforms/, without its ending, got "../x"',
    ],
  },
  {
    name: 'a metric without a name',
    json: withMetric(SMALLEST_METRIC, ''),
    problems: ['metrics: a metric has an empty name'],
  },
  {
    name: 'a metric name of 258 bytes in 129 characters',
    json: withMetric(SMALLEST_METRIC, 'é'.repeat(129)),
    problems: [
      `metrics.${'é'.repeat(40)}…: the name has 258 bytes of UTF-8, at most 256 are allowed`,
    ],
    beyondSchema: true,
  },
  {
    name: 'a metric name with half a surrogate pair',
    json: withMetric(SMALLEST_METRIC, 'a\ud800'),
    problems: ['metrics.a\ud800: the name is not valid Unicode'],
    beyondSchema: true,
  },
  {
    name: 'a metric that is a text',
    json: withMetric('count'),
    problems: [
      'metrics.m: expected a metric like {"window":{…},"aggregates":["count"]}, got "count"',
    ],
  },
];

const FIELDS: readonly BadPipeline[] = [
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
      'metrics.m.match: expected paths like "a.b.0" as names, got "a..b" (a step is empty)',
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
    name: 'coerce without value',
    json: smallest({ coerce: true }),
    problems: ['metrics.m.coerce: has no effect without "value"'],
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

const WINDOWS: readonly BadPipeline[] = [
  {
    name: 'a window as a text',
    json: smallest({ window: '1m' }),
    problems: [
      'metrics.m.window: expected a window like {"type":"tumbling","size":"1m"}, got "1m"',
    ],
  },
  {
    name: 'a window without type',
    json: smallest({ window: { size: '1m' } }),
    problems: ['metrics.m.window.type: missing, expected "tumbling"'],
  },
  {
    name: 'an unknown type',
    json: smallest({ window: { type: 'sliding', size: '1m' } }),
    problems: ['metrics.m.window.type: expected "tumbling", got "sliding"'],
  },
  {
    name: 'a window without size',
    json: smallest({ window: { type: 'tumbling' } }),
    problems: ['metrics.m.window.size: missing, expected a duration like "1m"'],
  },
  {
    name: 'a tumbling window with slide',
    json: smallest({ window: { type: 'tumbling', size: '1m', slide: '10s' } }),
    problems: ['metrics.m.window.slide: unknown field'],
  },
  {
    name: 'an offset as long as the size',
    json: smallest({ window: { type: 'tumbling', size: '1m', offset: '60s' } }),
    problems: ['metrics.m.window.offset: expected an offset shorter than the size, got "60s"'],
    beyondSchema: true,
  },
  {
    name: 'a good hopping window',
    json: smallest({ window: { type: 'hopping', size: '1m', slide: '20s' } }),
    problems: [
      'metrics.m.window.type: "hopping" windows are not supported yet, use "tumbling" with a size',
    ],
  },
  {
    name: 'a hopping window, whatever else is wrong with it',
    json: smallest({ window: { type: 'hopping', size: '1 minute', slide: '25s' } }),
    problems: [
      'metrics.m.window.type: "hopping" windows are not supported yet, use "tumbling" with a size',
    ],
  },
  {
    name: 'a good session window',
    json: smallest({ window: { type: 'session', gap: '5m', max: '1h' } }),
    problems: [
      'metrics.m.window.type: "session" windows are not supported yet, use "tumbling" with a size',
    ],
  },
  {
    name: 'a session window without gap and with a zero max',
    json: smallest({ window: { type: 'session', max: '0s' } }),
    problems: [
      'metrics.m.window.type: "session" windows are not supported yet, use "tumbling" with a size',
    ],
  },
];

const AGGREGATES: readonly BadPipeline[] = [
  {
    name: 'no aggregates',
    json: smallest({ aggregates: [] }),
    problems: [
      'metrics.m.aggregates: expected a list of aggregates like ["count","mean"], got an empty list',
    ],
  },
  {
    name: 'aggregates as a text',
    json: smallest({ aggregates: 'count' }),
    problems: [
      'metrics.m.aggregates: expected a list of aggregates like ["count","mean"], got "count"',
    ],
  },
  {
    name: 'a misspelt op',
    json: smallest({ aggregates: ['p9999'] }),
    problems: [`metrics.m.aggregates.0: expected ${OPS}, got "p9999", did you mean "p999"?`],
  },
  {
    name: 'an op called toString',
    json: smallest({ aggregates: ['toString'] }),
    problems: [`metrics.m.aggregates.0: expected ${OPS}, got "toString"`],
  },
  {
    name: 'an object without op',
    json: smallest({ aggregates: [{ path: 'a' }] }),
    problems: [`metrics.m.aggregates.0.op: missing, expected ${OPS}`],
  },
  {
    name: 'a number',
    json: smallest({ aggregates: [1] }),
    problems: [
      'metrics.m.aggregates.0: expected an aggregate like "mean" or {"op":"mean","path":"cpu"}, got 1',
    ],
  },
  {
    name: 'the same op twice',
    json: smallest({ aggregates: ['count', 'count'] }),
    problems: ['metrics.m.aggregates.1: output "count" is already that of aggregate 0'],
  },
  {
    name: 'two paths under the default name',
    json: smallest({ aggregates: ['sum', { op: 'sum', path: 'b' }, { op: 'max', as: 'sum' }] }),
    problems: [
      'metrics.m.aggregates.1: output "sum" is already that of aggregate 0',
      'metrics.m.aggregates.2: output "sum" is already that of aggregate 0',
    ],
    beyondSchema: true,
  },
  {
    name: 'an empty output name',
    json: smallest({ aggregates: [{ op: 'sum', as: '' }] }),
    problems: ['metrics.m.aggregates.0.as: expected the name of an output field, got ""'],
  },
  {
    name: 'k for another op',
    json: smallest({ aggregates: [{ op: 'sum', k: 3 }] }),
    problems: ['metrics.m.aggregates.0.k: only "top" has a "k", not "sum"'],
  },
  {
    name: 'k of zero',
    json: smallest({ aggregates: [{ op: 'top', k: 0 }] }),
    problems: ['metrics.m.aggregates.0.k: expected a whole number from 1 to 1000, got 0'],
  },
  {
    name: 'k of 1.5',
    json: smallest({ aggregates: [{ op: 'top', k: 1.5 }] }),
    problems: ['metrics.m.aggregates.0.k: expected a whole number from 1 to 1000, got 1.5'],
  },
];

const ALERTS: readonly BadPipeline[] = [
  {
    name: 'detect without on',
    json: smallest({ detect: {} }),
    problems: ['metrics.m.detect.on: missing, expected the name of an output field like "mean"'],
  },
  {
    name: 'detect on no output field',
    json: smallest({ detect: { on: 'mean' } }),
    problems: ['metrics.m.detect.on: expected an output field (count), got "mean"'],
    beyondSchema: true,
  },
  {
    name: 'detect on an op that has another name',
    json: smallest({ aggregates: [{ op: 'sum', as: 'total' }], detect: { on: 'sum' } }),
    problems: ['metrics.m.detect.on: expected an output field (total), got "sum"'],
    beyondSchema: true,
  },
  {
    name: 'detect on a top list',
    json: smallest({ aggregates: [{ op: 'top', as: 'best' }], detect: { on: 'best' } }),
    problems: ['metrics.m.detect.on: expected a numeric output field, "best" is a "top" list'],
    beyondSchema: true,
  },
  {
    name: 'detect as null',
    json: smallest({ detect: null }),
    problems: ['metrics.m.detect: expected a detection like {"on":"mean"}, got null'],
  },
  {
    name: 'alert without detect',
    json: smallest({ alert: {} }),
    problems: ['metrics.m.alert: has no effect without "detect"'],
  },
  {
    name: 'every field of an alert wrong',
    json: smallest({
      detect: { on: 'count' },
      alert: { when: 'closed', minSeverity: 'high', cooldown: '0s', to: 'me' },
    }),
    problems: [
      'metrics.m.alert.to: unknown field',
      'metrics.m.alert.when: expected "open", got "closed"',
      'metrics.m.alert.minSeverity: expected one of "info", "warning", "critical", got "high"',
      'metrics.m.alert.cooldown: expected a duration longer than zero, got "0s"',
    ],
  },
];

export const BAD_PIPELINES: readonly BadPipeline[] = [
  ...ROOT,
  ...DURATIONS,
  ...FIELDS,
  ...PATHS,
  ...WINDOWS,
  ...AGGREGATES,
  ...OUTPUTS,
  ...ALERTS,
];
