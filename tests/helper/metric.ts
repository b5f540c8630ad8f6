import { parsePipeline } from '@millrace/core/pipeline/parse';
import type { Metric, Pipeline } from '@millrace/core/pipeline/pipeline';

/** A pipeline of one metric `m`: one-minute windows of `count` and `sum` of `v`, by series `s`. */
export function onePipeline(overrides: Record<string, unknown> = {}): Pipeline {
  return parsePipeline({
    version: 1,
    metrics: {
      m: {
        series: ['s'],
        time: 't',
        value: 'v',
        window: { type: 'tumbling', size: '1m' },
        outOfOrderness: '10s',
        allowedLateness: '1m',
        idleClose: '2m',
        maxFutureSkew: '1m',
        aggregates: ['count', 'sum'],
        ...overrides,
      },
    },
  }).pipeline;
}

export function oneMetric(overrides: Record<string, unknown> = {}): Metric {
  return onePipeline(overrides).metrics[0] as Metric;
}
