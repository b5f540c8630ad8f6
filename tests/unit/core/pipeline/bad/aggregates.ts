import { smallest } from '../examples';
import type { BadPipeline } from './bad-pipeline';

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

export const OUTPUTS: readonly BadPipeline[] = RESERVED.map((as) => ({
  name: `an output called ${as}`,
  json: smallest({ aggregates: [{ op: 'sum', as }] }),
  problems: [
    `metrics.m.aggregates.0.as: expected a name other than ${RESERVED.join(', ')}, got "${as}"`,
  ],
}));

export const AGGREGATES: readonly BadPipeline[] = [
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
