import { smallest } from '../examples';
import type { BadPipeline } from './bad-pipeline';

export const ALERTS: readonly BadPipeline[] = [
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
