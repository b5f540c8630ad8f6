import type { AggregateOp, AggregateSpec } from '../pipeline/pipeline';
import type { CellKind } from './cell';
import { COUNT_CELL } from './count-cell';
import { DISTINCT_CELL } from './distinct-sketch';
import { MAX_CELL, MIN_CELL } from './extreme-cell';
import { FIRST_CELL, LAST_CELL } from './first-last-cell';
import { aggregateInputs, slotOf } from './inputs';
import { MOMENT_CELL } from './moment-cell';
import { QUANTILE_CELL } from './quantile-sketch';
import { SUM_CELL } from './sum-cell';
import { TOP_K, topCapacity, topCell } from './top-sketch';

/** What a step adds to. Numbers, so that the dispatch is a jump. */
export const STEP = {
  count: 0,
  sum: 1,
  min: 2,
  max: 3,
  moments: 4,
  quantiles: 5,
  first: 6,
  last: 7,
  distinct: 8,
  top: 9,
} as const;

export type StepCode = (typeof STEP)[keyof typeof STEP];

export function takesNumbers(code: StepCode): boolean {
  return code >= STEP.sum && code <= STEP.quantiles;
}

/** One cell of a plan and the input it is fed from. */
export interface Step {
  readonly code: StepCode;
  readonly slot: number;
  /** Of `top` cells; 0 elsewhere. */
  readonly capacity: number;
  /** Of the step's own cell type; the plan passes it nothing but cells it made. */
  readonly kind: CellKind<unknown>;
}

/** Cells that can answer an op, the best first: any of them saves the cells after it. */
export const CELLS_BY_OP: Readonly<Record<AggregateOp, readonly StepCode[]>> = {
  count: [STEP.count],
  rate: [STEP.count],
  sum: [STEP.sum],
  mean: [STEP.sum],
  min: [STEP.quantiles, STEP.min],
  max: [STEP.quantiles, STEP.max],
  first: [STEP.first],
  last: [STEP.last],
  variance: [STEP.moments],
  stddev: [STEP.moments],
  p50: [STEP.quantiles],
  p90: [STEP.quantiles],
  p95: [STEP.quantiles],
  p99: [STEP.quantiles],
  p999: [STEP.quantiles],
  distinct: [STEP.distinct],
  top: [STEP.top],
};

/** In slot 0 everything is a number, so every cell of numbers counts the measurements, too. */
const CELLS_THAT_COUNT = [STEP.sum, STEP.quantiles, STEP.moments, STEP.count];

/** The fewest cells that answer all specs, ordered by slot and then by code. */
export function stepsOf(specs: readonly AggregateSpec[]): readonly Step[] {
  const slots = [...Array(aggregateInputs(specs).length + 1).keys()];
  return slots.flatMap((slot) => {
    const here = specs.filter((spec) => slotOf(spec, specs) === slot);
    const capacity = topCapacity(
      Math.max(...here.map(({ k = TOP_K, op }) => (op === 'top' ? k : 0))),
    );
    return [...codesOf(here, slot)]
      .sort((a, b) => a - b)
      .map((code) => stepOf(code, slot, code === STEP.top ? capacity : 0));
  });
}

/** The step that answers `op` in `slot`. */
export function stepFor(op: AggregateOp, slot: number, steps: readonly Step[]): number {
  for (const code of candidates(op, slot)) {
    const at = steps.findIndex((step) => step.code === code && step.slot === slot);
    if (at >= 0) return at;
  }
  return -1;
}

function codesOf(specs: readonly AggregateSpec[], slot: number): ReadonlySet<StepCode> {
  const codes = new Set<StepCode>();
  const choices = specs.map(({ op }) => candidates(op, slot));
  // Those without a choice first: what they need may serve the others.
  for (const choice of choices.toSorted((a, b) => a.length - b.length)) {
    if (!choice.some((code) => codes.has(code))) codes.add(choice.at(-1) as StepCode);
  }
  return codes;
}

function candidates(op: AggregateOp, slot: number): readonly StepCode[] {
  const counts = op === 'count' || op === 'rate';
  return counts && slot === 0 ? CELLS_THAT_COUNT : CELLS_BY_OP[op];
}

function stepOf(code: StepCode, slot: number, capacity: number): Step {
  return { code, slot, capacity, kind: kindOf(code, capacity) as CellKind<unknown> };
}

function kindOf(code: StepCode, capacity: number) {
  switch (code) {
    case STEP.count:
      return COUNT_CELL;
    case STEP.sum:
      return SUM_CELL;
    case STEP.min:
      return MIN_CELL;
    case STEP.max:
      return MAX_CELL;
    case STEP.moments:
      return MOMENT_CELL;
    case STEP.quantiles:
      return QUANTILE_CELL;
    case STEP.first:
      return FIRST_CELL;
    case STEP.last:
      return LAST_CELL;
    case STEP.distinct:
      return DISTINCT_CELL;
    case STEP.top:
      return topCell(capacity);
  }
}
