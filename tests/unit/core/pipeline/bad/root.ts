import { SMALLEST_METRIC, withMetric } from '../examples';
import type { BadPipeline } from './bad-pipeline';

export const ROOT: readonly BadPipeline[] = [
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
    problems: ['metrics.a\\ud800: the name is not valid Unicode'],
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
