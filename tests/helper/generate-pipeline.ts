import type { Choices } from './random';

/** What `pipeline.json` holds for one metric, as a user would write it. */
export type MetricJson = Record<string, unknown>;

export interface PipelineJson {
  readonly version: 1;
  readonly metrics: Readonly<Record<string, MetricJson>>;
}

const NAMES = ['host.cpu', 'a#b', 'größe', 'orders|all', 'm'];
/** Several series in one partition key, one series in several, one for everything, odd values. */
const SERIES = [
  ['host'],
  ['host'],
  ['host'],
  ['region', 'host'],
  ['region'],
  ['slot'],
  ['flag'],
  [],
];
const TIMES = [
  { time: 'ts' },
  { time: 'ts' },
  { time: 'time.s', timeUnit: 's' },
  { time: 'time.us', timeUnit: 'us' },
  { time: 'time.ns', timeUnit: 'ns' },
  { time: 'time.iso' },
  {},
];
const WINDOWS = {
  mixed: [
    { type: 'tumbling', size: '10s' },
    { type: 'tumbling', size: '1m' },
    { type: 'tumbling', size: '1m', offset: '7s' },
    { type: 'tumbling', size: '90s' },
    { type: 'tumbling', size: '5m' },
  ],
  burst: [{ type: 'tumbling', size: '5m' }],
  beat: [{ type: 'tumbling', size: '1s' }],
};
const MATCHES = [{ type: 'a' }, { type: ['a', 'b'] }, { 'extra.kind': 1 }];
const DEDUPE = [
  {},
  { dedupe: { by: 'eventTime' } },
  { dedupe: { by: 'eventId', path: 'id' } },
  { dedupe: { by: 'eventId', path: 'id', remember: 3 } },
  { dedupe: { by: 'eventId', path: 'id', remember: 1_000 } },
];
const VALUE_AGGREGATES = [
  ...['min', 'max', 'first', 'last', 'variance', 'stddev'],
  ...['p50', 'p90', 'p95', 'p99', 'p999', 'rate'],
  { op: 'distinct', path: 'user', as: 'users' },
  { op: 'top', path: 'user', as: 'top users', k: 3 },
  { op: 'max', path: 'extra.size', as: 'largest' },
  { op: 'last', path: 'user', as: 'last user' },
];

/**
 * `burst`: more ids in one window than a window remembers. `beat`: short windows of steady values with
 * spikes, so that detectors learn and incidents open and close. `mixed`: everything else.
 */
export type Style = 'mixed' | 'burst' | 'beat';

/**
 * One metric whose open windows do not fit a state item when every record brings texts of its own: the
 * oldest must go early. Six of them would fill a window.
 */
export function generateWidePipeline(): PipelineJson {
  const tops = ['a', 'b', 'c', 'd'].map((name) => ({
    ...{ op: 'top', path: `text.${name}`, as: name, k: 3 },
  }));
  const wide = {
    series: ['host'],
    time: 'ts',
    value: 'v',
    window: { type: 'tumbling', size: '10s' },
    outOfOrderness: '10m',
    allowedLateness: '1m',
    idleClose: '2m',
    aggregates: ['count', 'sum', ...tops],
  };
  return { version: 1, metrics: { wide } };
}

/** One to three metrics that differ; each matches a part of the records or all of them. */
export function generatePipeline(choices: Choices, style: Style): PipelineJson {
  const names = NAMES.slice(0, 1 + choices.int(3));
  return {
    version: 1,
    metrics: Object.fromEntries(names.map((name) => [name, generateMetric(choices, style)])),
  };
}

function generateTime({ chance, pick }: Choices, style: Style): MetricJson {
  const time = pick(TIMES);
  const isBounded = style === 'mixed' && 'time' in time && chance(0.2);
  return isBounded ? { ...time, maxPastSkew: pick(['10s', '2m']) } : time;
}

function generateMetric(choices: Choices, style: Style): MetricJson {
  const { chance, pick } = choices;
  return {
    ...(style === 'mixed' && chance(0.6) ? { match: pick(MATCHES) } : {}),
    series: pick(SERIES),
    ...generateTime(choices, style),
    ...(chance(0.85)
      ? { value: pick(['v', 'v', 'deep.0.v']), ...(chance(0.3) ? { coerce: true } : {}) }
      : {}),
    window: pick(WINDOWS[style]),
    outOfOrderness: pick(style === 'beat' ? ['0s', '1s'] : ['0s', '1s', '5s', '10s', '30s']),
    allowedLateness: pick(style === 'beat' ? ['0s', '5s'] : ['0s', '5s', '30s', '1m']),
    idleClose: pick(['20s', '1m', '2m']),
    ...(chance(0.6) ? { maxFutureSkew: pick(['0s', '10s', '1m']) } : {}),
    ...pick(style === 'burst' ? DEDUPE.slice(1) : DEDUPE),
    aggregates: ['count', 'sum', 'mean', ...VALUE_AGGREGATES.filter(() => chance(0.3))],
    ...(style === 'beat' || chance(0.3)
      ? {
          detect: { detector: 'default', on: pick(['sum', 'mean']) },
          alert: { when: 'open', minSeverity: 'info' },
        }
      : {}),
  };
}
