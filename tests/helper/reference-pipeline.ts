/**
 * The reference's own reading of `pipeline.json` (docs/reference/pipeline.md): only what a valid file
 * needs, no checks. It shares no code with the product, on purpose.
 */

export interface ReferenceAggregate {
  readonly op: string;
  /** null = the metric's value. */
  readonly path: readonly string[] | null;
  readonly as: string;
  readonly k: number;
}

export interface ReferenceMetric {
  readonly name: string;
  readonly match: readonly {
    readonly path: readonly string[];
    readonly anyOf: readonly unknown[];
  }[];
  readonly series: readonly (readonly string[])[];
  readonly time: readonly string[] | null;
  readonly timeUnit: 's' | 'ms' | 'us' | 'ns';
  readonly value: readonly string[] | null;
  /** Of the value, and of aggregates' own paths. */
  readonly coerce: boolean;
  readonly sizeMs: number;
  readonly offsetMs: number;
  readonly outOfOrdernessMs: number;
  readonly allowedLatenessMs: number;
  readonly idleCloseMs: number;
  readonly maxFutureSkewMs: number;
  readonly maxPastSkewMs: number;
  readonly dedupe: 'eventTime' | readonly string[] | null;
  /** Dedupe keys of a window, the latest ones. */
  readonly remember: number;
  readonly aggregates: readonly ReferenceAggregate[];
}

type AggregateJson = string | { op: string; path?: string; as?: string; k?: number };

interface MetricJson {
  match?: Record<string, unknown>;
  series?: string[];
  time?: string;
  timeUnit?: 's' | 'ms' | 'us' | 'ns';
  value?: string;
  coerce?: boolean;
  window: { type: string; size: string; offset?: string };
  outOfOrderness?: string;
  allowedLateness?: string;
  idleClose?: string;
  maxFutureSkew?: string;
  maxPastSkew?: string;
  dedupe?: ({ by: 'eventId'; path: string } | { by: 'eventTime' }) & { remember?: number };
  aggregates: AggregateJson[];
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export function readReferenceMetrics(pipelineJson: unknown): ReferenceMetric[] {
  const { metrics } = pipelineJson as { metrics: Record<string, MetricJson> };
  return Object.entries(metrics).map(([name, metric]) => readMetric(name, metric));
}

function readMetric(name: string, metric: MetricJson): ReferenceMetric {
  if (metric.window.type !== 'tumbling') {
    throw new Error(`the reference knows tumbling windows only, not ${metric.window.type}`);
  }
  const allowedLatenessMs = durationMs(metric.allowedLateness ?? '1m');
  return {
    name,
    match: Object.entries(metric.match ?? {}).map(([path, wanted]) => ({
      path: steps(path),
      anyOf: Array.isArray(wanted) ? wanted : [wanted],
    })),
    series: (metric.series ?? []).map(steps),
    time: metric.time === undefined ? null : steps(metric.time),
    timeUnit: metric.timeUnit ?? 'ms',
    value: metric.value === undefined ? null : steps(metric.value),
    coerce: metric.coerce ?? false,
    sizeMs: durationMs(metric.window.size),
    offsetMs: durationMs(metric.window.offset ?? '0s'),
    outOfOrdernessMs: durationMs(metric.outOfOrderness ?? '10s'),
    allowedLatenessMs,
    idleCloseMs: durationMs(metric.idleClose ?? '2m'),
    maxFutureSkewMs:
      metric.maxFutureSkew === undefined ? allowedLatenessMs : durationMs(metric.maxFutureSkew),
    maxPastSkewMs: metric.maxPastSkew === undefined ? Infinity : durationMs(metric.maxPastSkew),
    dedupe: readDedupe(metric.dedupe),
    remember: metric.dedupe?.remember ?? 256,
    aggregates: metric.aggregates.map(readAggregate),
  };
}

function readDedupe(dedupe: MetricJson['dedupe']): ReferenceMetric['dedupe'] {
  if (dedupe === undefined) {
    return null;
  }
  return dedupe.by === 'eventTime' ? 'eventTime' : steps(dedupe.path);
}

function readAggregate(aggregate: AggregateJson): ReferenceAggregate {
  const full = typeof aggregate === 'string' ? { op: aggregate } : aggregate;
  return {
    op: full.op,
    path: full.path === undefined ? null : steps(full.path),
    as: full.as ?? full.op,
    k: full.k ?? 10,
  };
}

function durationMs(text: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  return Number(amount) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
}

/** `a\.b.c` is two steps: `a.b`, `c`. */
function steps(path: string): string[] {
  return path.split(/(?<!\\)\./).map((step) => step.replaceAll('\\.', '.'));
}
