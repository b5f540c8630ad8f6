import { EXAMPLE_METRIC, SMALLEST_METRIC, smallest, withMetric } from './examples';

export const GOOD_PIPELINES: readonly { readonly name: string; readonly json: unknown }[] = [
  { name: 'the example', json: withMetric(EXAMPLE_METRIC, 'host.cpu') },
  { name: 'the smallest', json: withMetric(SMALLEST_METRIC) },
  { name: 'a $schema', json: { $schema: './x', version: 1, metrics: { m: SMALLEST_METRIC } } },
  { name: 'a metric called __proto__', json: withMetric(SMALLEST_METRIC, '__proto__') },
  { name: 'a metric name of 256 bytes', json: withMetric(SMALLEST_METRIC, 'é'.repeat(128)) },
  {
    name: 'a metric name with spaces, dots and #',
    json: withMetric(SMALLEST_METRIC, ' a.b#c|d\n'),
  },
  {
    name: 'zero tolerances',
    json: smallest({ outOfOrderness: '0s', allowedLateness: '0ms', maxFutureSkew: '0d' }),
  },
  {
    name: 'a zero offset',
    json: smallest({ window: { type: 'tumbling', size: '1d', offset: '0s' } }),
  },
  { name: 'an offset', json: smallest({ window: { type: 'tumbling', size: '1d', offset: '6h' } }) },
  {
    name: 'every kind of match',
    json: smallest({ match: { a: 1, 'b.0': true, 'c\\.d': null, e: ['x', 1, false, null] } }),
  },
  { name: 'an empty match', json: smallest({ match: {} }) },
  { name: 'one series', json: smallest({ series: [] }) },
  { name: 'a path that ends in a backslash', json: smallest({ time: 'a\\' }) },
  { name: 'a path of a literal dot', json: smallest({ time: '\\.' }) },
  {
    name: 'fields that begin with $ or hold a bracket',
    json: smallest({ series: ['_id.$oid', 'a[', 'b]', '\\$.a', 'c\\[0]'] }),
  },
  { name: 'a field called $', json: smallest({ time: '\\$', value: 'a.$' }) },
  {
    name: 'paths of aggregates that are coerced',
    json: smallest({ coerce: true, aggregates: ['count', { op: 'sum', path: 'qty' }] }),
  },
  {
    name: 'an event time that may be a day old',
    json: smallest({ time: 'ts', maxPastSkew: '1d' }),
  },
  { name: 'a value that is coerced', json: smallest({ value: 'a.b', coerce: true }) },
  {
    name: 'dedupe by time',
    json: smallest({ time: 'ts', timeUnit: 'ns', dedupe: { by: 'eventTime' } }),
  },
  {
    name: 'the value and a path with one op',
    json: smallest({ aggregates: ['sum', { op: 'sum', path: 'b', as: 'sum b' }] }),
  },
  {
    name: 'a top list',
    json: smallest({ aggregates: [{ op: 'top', path: 'user', k: 3, as: 'users' }] }),
  },
  {
    name: 'only what detect and alert need',
    json: smallest({ detect: { on: 'count' }, alert: {} }),
  },
  {
    name: 'transforms',
    json: {
      version: 1,
      transform: 'split',
      metrics: { m: { ...SMALLEST_METRIC, transform: 'to-celsius_2.b' } },
    },
  },
];
