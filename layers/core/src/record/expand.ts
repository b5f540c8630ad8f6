import { BugError } from '../error';
import type { JsonRecord, Metric, Pipeline, Transforms } from '../pipeline/pipeline';
import { printable } from '../text/printable';
import { applyTransform } from './apply-transform';
import { type CompiledMetric, compileMetric, measureCompiled } from './measure';
import type { Measurement, Rejection } from './record';

/** A user record that no metric wants: one measurement by itself. */
export interface Unmatched {
  readonly kind: 'unmatched';
  readonly metric: null;
}

export type Decision = Measurement | Rejection | Unmatched;

/** (sub, decision's metric) is unique within a stream record, and sub never falls within a metric. */
export type Visit = (sub: number, decision: Decision) => void;

const UNMATCHED: Unmatched = { kind: 'unmatched', metric: null };

/** What metrics with their own transform need while one user record is expanded. */
interface MetricTransforms {
  readonly transforms: Transforms;
  /** Next sub of each metric, by its place in the pipeline. */
  readonly nextSubs: number[];
}

/**
 * Runs the transforms on one decoded user record and visits every decision about it, in the order of
 * the outputs, then of the metrics. Answers how many subs were used from `subBase` on (at least 1).
 *
 * @example for (const user of users) sub += expand(user, pipeline, transforms, arrivalMs, visit, sub);
 */
export function expand(
  record: JsonRecord,
  pipeline: Pipeline,
  transforms: Transforms,
  arrivalMs: number,
  visit: Visit,
  subBase = 0,
): number {
  const { metrics, metricsTransform } = compilePipeline(pipeline);
  if (pipeline.transform === null && !metricsTransform) {
    decide(record, metrics, arrivalMs, visit, subBase, null);
    return 1;
  }
  const own = metricsTransform ? { transforms, nextSubs: metrics.map(() => subBase) } : null;
  const outputs =
    pipeline.transform === null ? [record] : run(pipeline.transform, transforms, record);
  if (typeof outputs === 'string') {
    visit(subBase, rejectTransform(null, outputs));
    return 1;
  }
  if (outputs.length === 0) visit(subBase, UNMATCHED);
  outputs.forEach((output, at) => {
    decide(output, metrics, arrivalMs, visit, subBase + at, own);
  });
  return subsUsed(outputs.length, subBase, own);
}

/** Decides one record for every metric. `own` is null when no metric has a transform of its own. */
function decide(
  record: JsonRecord,
  metrics: readonly CompiledMetric[],
  arrivalMs: number,
  visit: Visit,
  sub: number,
  own: MetricTransforms | null,
): void {
  let decided = false;
  for (let at = 0; at < metrics.length; at++) {
    const compiled = metrics[at] as CompiledMetric;
    if (own !== null && compiled.metric.transform !== null) {
      if (decideTransformed(record, compiled, at, arrivalMs, visit, own)) decided = true;
      continue;
    }
    const decision = measureCompiled(record, compiled, arrivalMs);
    if (decision === null) continue;
    decided = true;
    visit(sub, decision);
  }
  if (!decided) visit(sub, UNMATCHED);
}

/** Decides what one metric's own transform makes of a record; false when nothing came of it. */
function decideTransformed(
  record: JsonRecord,
  compiled: CompiledMetric,
  at: number,
  arrivalMs: number,
  visit: Visit,
  own: MetricTransforms,
): boolean {
  const { metric } = compiled;
  const outputs = run(metric.transform as string, own.transforms, record);
  const firstSub = own.nextSubs[at] as number;
  if (typeof outputs === 'string') {
    own.nextSubs[at] = firstSub + 1;
    visit(firstSub, rejectTransform(metric, outputs));
    return true;
  }
  own.nextSubs[at] = firstSub + outputs.length;
  let decided = false;
  outputs.forEach((output, index) => {
    const decision = measureCompiled(output, compiled, arrivalMs);
    if (decision === null) return;
    decided = true;
    visit(firstSub + index, decision);
  });
  return decided;
}

function run(
  name: string,
  transforms: Transforms,
  record: JsonRecord,
): readonly JsonRecord[] | string {
  const transform = transforms.get(name);
  // Parsing checks the names; if one is gone now, stopping beats refusing every record for ever.
  if (transform === undefined) throw new BugError(`no transform is called ${printable(name)}`);
  return applyTransform(name, transform, record);
}

function rejectTransform(metric: Metric | null, detail: string): Rejection {
  return { kind: 'rejection', metric, reason: 'transform', detail };
}

function subsUsed(outputs: number, subBase: number, own: MetricTransforms | null): number {
  let used = Math.max(1, outputs);
  for (const next of own?.nextSubs ?? []) used = Math.max(used, next - subBase);
  return used;
}

interface CompiledPipeline {
  readonly metrics: readonly CompiledMetric[];
  readonly metricsTransform: boolean;
}

const compiledPipelines = new WeakMap<Pipeline, CompiledPipeline>();

function compilePipeline(pipeline: Pipeline): CompiledPipeline {
  const known = compiledPipelines.get(pipeline);
  if (known !== undefined) return known;
  const compiled: CompiledPipeline = {
    metrics: pipeline.metrics.map(compileMetric),
    metricsTransform: pipeline.metrics.some((metric) => metric.transform !== null),
  };
  compiledPipelines.set(pipeline, compiled);
  return compiled;
}
