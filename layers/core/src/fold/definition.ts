import type { AggregatePlan } from '../aggregate/aggregate';
import { planAggregates } from '../aggregate/plan';
import type { Detector } from '../detector/detector';
import { detectorNamed } from '../detector/registry';
import { jsonText } from '../json/write-json';
import { coerces, type Metric } from '../pipeline/pipeline';
import { sha256OfUnits } from '../record/sha256';
import { type WindowBytes, windowBytesOf } from './size';

/** A metric compiled once: all that folding one of its series needs, and that never changes. */
export interface Definition {
  readonly metric: Metric;
  /** Changes with everything that gives a row its meaning. */
  readonly fingerprint: string;
  /** Order among the definitions of this metric name; a higher one is newer. */
  readonly number: number;
  /** The pipeline no longer names the metric: its windows are only closed. */
  readonly orphan: boolean;
  readonly plan: AggregatePlan;
  readonly detector: Detector | null;
  /** Silence after which a series starts anew. */
  readonly stateTtlMs: number;
  /** What its windows can come to in the item. */
  readonly bytes: WindowBytes;
}

export function defineMetric(metric: Metric, stateTtlMs: number, number = 1): Definition {
  const plan = planAggregates(metric.aggregates, { coerce: coerces(metric) });
  return {
    metric,
    fingerprint: fingerprintOf(metric),
    number,
    orphan: false,
    plan,
    detector: metric.detect === null ? null : detectorNamed(metric.detect.detector),
    stateTtlMs,
    bytes: windowBytesOf(metric, plan),
  };
}

/** Stands in for the definition of a metric that is gone; nothing is ever folded by it. */
export function orphanDefinition(name: string, stateTtlMs: number): Definition {
  const metric: Metric = {
    name,
    match: [],
    series: [],
    time: null,
    value: null,
    window: { type: 'tumbling', sizeMs: 1, offsetMs: 0 },
    outOfOrdernessMs: 0,
    allowedLatenessMs: 0,
    idleCloseMs: 1,
    maxFutureSkewMs: 0,
    dedupe: null,
    aggregates: [],
    transform: null,
    detect: null,
    alert: null,
  };
  const number = Number.MAX_SAFE_INTEGER;
  return { ...defineMetric(metric, stateTtlMs, number), fingerprint: 'removed', orphan: true };
}

const FINGERPRINT_LENGTH = 12;

/** Of everything but the name and the alert setting, which no row depends on. */
export function fingerprintOf({ name: _name, alert: _alert, ...meaning }: Metric): string {
  return sha256OfUnits(jsonText(meaning)).slice(0, FINGERPRINT_LENGTH);
}
