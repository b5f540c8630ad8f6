import { decodeKinesis, UserRecord } from '@millrace/adapters/kinesis/decode';
import { stateKey } from '@millrace/core/fold/key';
import { windowStart } from '@millrace/core/fold/window';
import type { Metric, Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import type { Item, KeyValueStore } from '@millrace/core/port';
import { expand } from '@millrace/core/record/expand';
import type { Measurement } from '@millrace/core/record/record';

/**
 * What putting a record again would come to:
 * - `apply`: a metric that refused it would count it now
 * - `refused`, `late`: every metric that refused it would do so again
 * - `unmatched`: no metric wants it any more
 * - `twice`: a metric that counted it then, and does not deduplicate, would count it again
 * - `gone`: its bytes have expired
 * - `unputable`: no stream takes anything under its partition key
 */
export type Outcome = 'apply' | 'refused' | 'late' | 'unmatched' | 'twice' | 'gone' | 'unputable';

export interface Forecast {
  readonly outcome: Outcome;
  readonly detail: string;
}

export interface ForecastContext {
  readonly pipeline: Pipeline;
  readonly transforms: Transforms;
  /** Null = the record goes to a stream whose state is not known. */
  readonly state: KeyValueStore | null;
  readonly nowMs: number;
}

export interface Refusals {
  readonly partitionKey: string;
  /** Metrics that refused the record; null = the record as a whole was refused. */
  readonly metrics: readonly (string | null)[];
}

/** Judges a record as the consumer would if it arrived now. Looks only; nothing is written. */
export async function forecast(
  bytes: Uint8Array,
  { partitionKey, metrics }: Refusals,
  context: ForecastContext,
): Promise<Forecast> {
  const decoded = decodeKinesis(Buffer.from(bytes).toString('base64'), partitionKey);
  if (!(decoded instanceof UserRecord)) {
    return { outcome: 'refused', detail: 'an aggregate: what is in it is judged one by one' };
  }
  if (decoded.record === null) {
    const detail = decoded.refused?.detail ?? 'one of our own markers';
    return { outcome: 'refused', detail };
  }
  const measured: Measurement[] = [];
  const reasons: string[] = [];
  const { pipeline, transforms, nowMs } = context;
  expand(decoded.record, pipeline, transforms, nowMs, (_sub, decision) => {
    if (decision.kind === 'measurement') measured.push(decision);
    else if (decision.kind === 'rejection') reasons.push(`${decision.reason}: ${decision.detail}`);
  });
  if (measured.length === 0) {
    const [reason] = reasons;
    if (reason === undefined) return { outcome: 'unmatched', detail: 'no metric matches' };
    return { outcome: 'refused', detail: reason };
  }
  return judge(measured, new Set(metrics), partitionKey, context);
}

async function judge(
  measured: readonly Measurement[],
  refusedBy: ReadonlySet<string | null>,
  partitionKey: string,
  context: ForecastContext,
): Promise<Forecast> {
  const applying: string[] = [];
  let late: string | null = null;
  for (const measurement of measured) {
    const { name } = measurement.metric;
    const isLate = await isLateNow(measurement, partitionKey, context);
    const wasRefused = refusedBy.has(null) || refusedBy.has(name);
    if (isLate) late ??= name;
    else if (wasRefused) applying.push(name);
    else if (measurement.dedupeKey === null) {
      const detail = `metric ${name} has counted it and does not deduplicate`;
      return { outcome: 'twice', detail };
    }
  }
  const [first] = applying;
  if (first !== undefined) return { outcome: 'apply', detail: `metric ${applying.join(', ')}` };
  if (late !== null) {
    return { outcome: 'late', detail: `metric ${late}: the window and its lateness are over` };
  }
  return { outcome: 'refused', detail: 'only metrics that have counted it match' };
}

async function isLateNow(
  { metric, series, eventMs }: Measurement,
  partitionKey: string,
  { state, nowMs }: ForecastContext,
): Promise<boolean> {
  if (state === null) return false;
  const [item] = await state.getMany([stateKey({ metric: metric.name, partitionKey, series })]);
  if (item === undefined) return false;
  const endMs = windowStart(eventMs, metric) + metric.window.sizeMs;
  const watermarkMs = watermarkAt(item, nowMs, metric);
  return watermarkMs !== null && endMs + metric.allowedLatenessMs <= watermarkMs;
}

/** The watermark as this record would find it: after a silence its arrival closes what is over. */
function watermarkAt(item: Item, nowMs: number, metric: Metric): number | null {
  const body = JSON.parse(String(item.body)) as {
    readonly w: number | null;
    readonly p: readonly (readonly [startMs: number, endMs: number, ...rest: unknown[]])[];
  };
  const isIdle = typeof item.la === 'number' && nowMs - item.la >= metric.idleCloseMs;
  if (!isIdle) return body.w;
  const newestEndMs = Math.max(...body.p.map(([, endMs]) => endMs));
  return Math.max(body.w ?? -Infinity, Math.min(newestEndMs, nowMs - metric.outOfOrdernessMs));
}
