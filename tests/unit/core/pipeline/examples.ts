/** The pipeline of the reference page, and ways to change it. */
export const EXAMPLE_METRIC = {
  match: { type: 'host' },
  series: ['host'],
  time: 'ts',
  value: 'cpu',
  window: { type: 'tumbling', size: '1m' },
  outOfOrderness: '10s',
  allowedLateness: '1m',
  idleClose: '2m',
  maxFutureSkew: '1m',
  dedupe: { by: 'eventId', path: 'id' },
  aggregates: ['count', 'mean', 'max', 'p99', { op: 'distinct', path: 'user', as: 'users' }],
  detect: { detector: 'default', on: 'mean' },
  alert: { when: 'open', minSeverity: 'warning', cooldown: '15m' },
};

export const SMALLEST_METRIC = {
  window: { type: 'tumbling', size: '1m' },
  aggregates: ['count'],
};

/** A pipeline with one metric, `m` unless named. */
export function withMetric(metric: unknown, name = 'm'): unknown {
  return { version: 1, metrics: Object.fromEntries([[name, metric]]) };
}

/** The smallest metric with other or further fields. */
export function smallest(fields: Record<string, unknown>): unknown {
  return withMetric({ ...SMALLEST_METRIC, ...fields });
}
