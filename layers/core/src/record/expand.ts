import { BugError } from '../error';
import type { JsonRecord, Metric, Pipeline, Transforms } from '../pipeline/pipeline';
import { printable } from '../text/printable';
import { applyTransform, TRANSFORM_OUTPUTS_MAX } from './apply-transform';
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

/**
 * What transforms may still have as outputs for one stream record, all of them together: what one record
 * costs must not grow with the number of its user records, nor of the metrics. Below 0 = it was too much.
 */
export interface OutputBudget {
  left: number;
}

export function newOutputBudget(): OutputBudget {
  return { left: TRANSFORM_OUTPUTS_MAX };
}

const TOO_MUCH = `more than ${TRANSFORM_OUTPUTS_MAX} outputs of transforms in one stream record`;

/** What metrics with their own transform made of one user record. */
interface MetricOutputs {
  /** By output of the pipeline's transform, then by the metric's place; null = it has none of its own. */
  readonly outputs: readonly (readonly (Outputs | null)[])[];
  /** Next sub of each metric, by its place in the pipeline. */
  readonly nextSubs: number[];
}

/** Of one transform of one record; text = why it is refused. */
type Outputs = readonly JsonRecord[] | string;

/**
 * Runs the transforms on one decoded user record and visits every decision about it, in the order of
 * the outputs, then of the metrics. Answers how many subs were used from `subBase` on (at least 1).
 * The user record whose outputs pass the budget is refused as one, and so are all after it.
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
  budget: OutputBudget = newOutputBudget(),
): number {
  const { metrics, metricsTransform } = compilePipeline(pipeline);
  if (pipeline.transform === null && !metricsTransform) {
    decide(record, metrics, arrivalMs, visit, subBase, null);
    return 1;
  }
  if (budget.left < 0) return refuse(TOO_MUCH, visit, subBase);
  let outputs: Outputs = [record];
  if (pipeline.transform !== null) {
    outputs = run(pipeline.transform, transforms, record);
    if (typeof outputs === 'string') return refuse(outputs, visit, subBase);
    budget.left -= outputs.length;
  }
  const own = metricsTransform ? runOwn(outputs, metrics, transforms, subBase, budget) : null;
  if (budget.left < 0) return refuse(TOO_MUCH, visit, subBase);
  if (outputs.length === 0) visit(subBase, UNMATCHED);
  outputs.forEach((output, at) => {
    decide(output, metrics, arrivalMs, visit, subBase + at, own, at);
  });
  return subsUsed(outputs.length, subBase, own);
}

function refuse(detail: string, visit: Visit, sub: number): number {
  visit(sub, rejectTransform(null, detail));
  return 1;
}

/** Runs the transforms of metrics on all outputs, before any is decided, as long as the budget lasts. */
function runOwn(
  records: readonly JsonRecord[],
  metrics: readonly CompiledMetric[],
  transforms: Transforms,
  subBase: number,
  budget: OutputBudget,
): MetricOutputs {
  const outputs: (Outputs | null)[][] = [];
  for (const record of records) {
    const made: (Outputs | null)[] = [];
    for (const { metric } of metrics) {
      if (budget.left < 0) break;
      const outputsOf =
        metric.transform === null ? null : run(metric.transform, transforms, record);
      // What is refused costs as much as an output.
      if (outputsOf !== null) budget.left -= typeof outputsOf === 'string' ? 1 : outputsOf.length;
      made.push(outputsOf);
    }
    outputs.push(made);
  }
  return { outputs, nextSubs: metrics.map(() => subBase) };
}

/** Decides one record for every metric. `own` is null when no metric has a transform of its own. */
function decide(
  record: JsonRecord,
  metrics: readonly CompiledMetric[],
  arrivalMs: number,
  visit: Visit,
  sub: number,
  own: MetricOutputs | null,
  outputAt = 0,
): void {
  let decided = false;
  for (let at = 0; at < metrics.length; at++) {
    const compiled = metrics[at] as CompiledMetric;
    const outputs = own === null ? null : (own.outputs[outputAt]?.[at] ?? null);
    if (own !== null && outputs !== null) {
      if (decideTransformed(outputs, compiled, at, arrivalMs, visit, own)) decided = true;
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
  outputs: Outputs,
  compiled: CompiledMetric,
  at: number,
  arrivalMs: number,
  visit: Visit,
  own: MetricOutputs,
): boolean {
  const { metric } = compiled;
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

function run(name: string, transforms: Transforms, record: JsonRecord): Outputs {
  const transform = transforms.get(name);
  // Parsing checks the names; if one is gone now, stopping beats refusing every record for ever.
  if (transform === undefined) throw new BugError(`no transform is called ${printable(name)}`);
  return applyTransform(name, transform, record);
}

function rejectTransform(metric: Metric | null, detail: string): Rejection {
  return { kind: 'rejection', metric, reason: 'transform', detail };
}

function subsUsed(outputs: number, subBase: number, own: MetricOutputs | null): number {
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
