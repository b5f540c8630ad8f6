import { aggregateInputs } from '../aggregate/inputs';
import { describe } from '../pipeline/describe';
import {
  coerces,
  type JsonRecord,
  type Metric,
  type Path,
  type Scalar,
} from '../pipeline/pipeline';
import { eventIdKey, rememberedKey } from './dedupe-key';
import { eventTime } from './event-time';
import { inputText } from './input-text';
import { coerced, finiteNumber } from './json-number';
import { type CompiledRule, compileRule, matches } from './match';
import { formatPath, getPath } from './path';
import type { AggregateInput, InvalidReason, Measurement, Rejection } from './record';
import { explainSeries, seriesName } from './series-name';

/** What a metric needs per record, worked out once. */
export interface CompiledMetric {
  readonly metric: Metric;
  readonly rules: readonly CompiledRule[];
  readonly inputPaths: readonly Path[];
  /** Whether strings at those paths may be numbers. */
  readonly coerce: boolean;
}

const compiledMetrics = new WeakMap<Metric, CompiledMetric>();

export function compileMetric(metric: Metric): CompiledMetric {
  const known = compiledMetrics.get(metric);
  if (known !== undefined) return known;
  const compiled: CompiledMetric = {
    metric,
    rules: metric.match.map(compileRule),
    inputPaths: aggregateInputs(metric.aggregates),
    coerce: coerces(metric),
  };
  compiledMetrics.set(metric, compiled);
  return compiled;
}

/**
 * Judges one record for one metric: null when it does not match, else a measurement, or the first of
 * `series`, `time`, `value`, `future`, `past` that fails. Times are milliseconds since the epoch.
 */
export function measure(
  record: JsonRecord,
  metric: Metric,
  arrivalMs: number,
): Measurement | Rejection | null {
  return measureCompiled(record, compileMetric(metric), arrivalMs);
}

export function measureCompiled(
  record: JsonRecord,
  compiled: CompiledMetric,
  arrivalMs: number,
): Measurement | Rejection | null {
  const { metric } = compiled;
  if (!matches(record, compiled.rules)) return null;
  const series = seriesName(record, metric.series);
  if (series === null) return reject(metric, 'series', explainSeries(record, metric.series));
  const eventMs = eventMsOf(record, metric, arrivalMs);
  if (Number.isNaN(eventMs)) return reject(metric, 'time', explainTime(record, metric));
  const value = measuredValue(record, metric);
  if (Number.isNaN(value)) return reject(metric, 'value', explainValue(record, metric));
  if (eventMs > arrivalMs + metric.maxFutureSkewMs) {
    const detail = `event time is ${eventMs - arrivalMs} ms after arrival`;
    return { ...reject(metric, 'future', detail), eventMs };
  }
  if (metric.maxPastSkewMs !== undefined && eventMs < arrivalMs - metric.maxPastSkewMs) {
    const detail = `event time is ${arrivalMs - eventMs} ms before arrival`;
    return { ...reject(metric, 'past', detail), eventMs };
  }
  return {
    kind: 'measurement',
    metric,
    series,
    eventMs,
    inputs: inputsOf(record, value, compiled),
    dedupeKey: dedupeKeyOf(record, metric, eventMs),
  };
}

function eventMsOf(record: JsonRecord, { time }: Metric, arrivalMs: number): number {
  return time === null ? arrivalMs : eventTime(getPath(record, time.path), time.unit);
}

function measuredValue(record: JsonRecord, metric: Metric): number {
  return metric.value === null
    ? 1
    : finiteNumber(getPath(record, metric.value.path), metric.value.coerce);
}

function inputsOf(record: JsonRecord, value: number, compiled: CompiledMetric): AggregateInput[] {
  const inputs: AggregateInput[] = [value];
  for (const path of compiled.inputPaths) {
    const input = getPath(record, path);
    if (typeof input === 'string') {
      const text = inputText(input);
      inputs.push(compiled.coerce ? coerced(text) : text);
    } else inputs.push(isScalar(input) ? input : undefined);
  }
  return inputs;
}

function isScalar(value: unknown): value is Scalar {
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' || type === 'bigint';
}

function dedupeKeyOf(record: JsonRecord, metric: Metric, eventMs: number): string | null {
  const { dedupe } = metric;
  if (dedupe === null) return null;
  const key = dedupe.by === 'eventTime' ? String(eventMs) : eventIdKey(record, dedupe.path);
  return key === null ? null : rememberedKey(key, dedupe);
}

function reject(metric: Metric, reason: InvalidReason, detail: string): Rejection {
  return { kind: 'rejection', metric, reason, detail };
}

function explainTime(record: JsonRecord, metric: Metric): string {
  const path = metric.time?.path ?? [];
  const got = metric.time === null ? 'an arrival out of range' : describe(getPath(record, path));
  return `${formatPath(path)}: expected a time like 1607497474000 or "2020-12-09T07:04:34Z", got ${got}`;
}

function explainValue(record: JsonRecord, metric: Metric): string {
  const path = metric.value?.path ?? [];
  const got = getPath(record, path);
  const hint =
    typeof got === 'string' && metric.value?.coerce === false ? ' ("coerce" is off)' : '';
  return `${formatPath(path)}: expected a finite number, got ${describe(got)}${hint}`;
}
