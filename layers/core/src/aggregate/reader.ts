import { BugError } from '../error';
import type { AggregateOp, AggregateSpec } from '../pipeline/pipeline';
import type { AggregateValue, WindowAggregate } from './aggregate';
import { STEP, type Step, stepFor } from './cell-choice';
import { type DistinctCell, distinctOf } from './distinct-sketch';
import { type ExtremeCell, extremeOf } from './extreme-cell';
import type { EdgeCell } from './first-last-cell';
import { slotOf } from './inputs';
import { type MomentCell, stddevOf, varianceOf } from './moment-cell';
import { type QuantileCell, quantileOf, sketchMax, sketchMin } from './quantile-sketch';
import { meanOf, type SumCell, sumOf } from './sum-cell';
import { TOP_K, type TopCell, topOf } from './top-sketch';

export type Reader = (window: WindowAggregate, windowMs: number) => AggregateValue;

const QUANTILE_BY_OP: Partial<Record<AggregateOp, number>> = {
  p50: 0.5,
  p90: 0.9,
  p95: 0.95,
  p99: 0.99,
  p999: 0.999,
};

/** Reads one aggregate's result from its cell. */
export function readerOf(
  spec: AggregateSpec,
  specs: readonly AggregateSpec[],
  steps: readonly Step[],
): Reader {
  const at = stepFor(spec.op, slotOf(spec, specs), steps);
  const step = steps[at];
  if (step === undefined) throw new BugError(`no cell answers ${spec.op}`);
  return (window, windowMs) => read(spec, step, window.cells[at], windowMs);
}

/** `cell` was made by `step.kind`, which the casts rely on. */
function read(spec: AggregateSpec, step: Step, cell: unknown, windowMs: number): AggregateValue {
  const sketch = step.code === STEP.quantiles;
  switch (spec.op) {
    case 'count':
      return (cell as { n: number }).n;
    case 'rate':
      return ((cell as { n: number }).n * 1000) / windowMs;
    case 'sum':
      return sumOf(cell as SumCell);
    case 'mean':
      return meanOf(cell as SumCell);
    case 'min':
      return sketch ? sketchMin(cell as QuantileCell) : extremeOf(cell as ExtremeCell);
    case 'max':
      return sketch ? sketchMax(cell as QuantileCell) : extremeOf(cell as ExtremeCell);
    case 'first':
    case 'last':
      return (cell as EdgeCell).value;
    case 'variance':
      return varianceOf(cell as MomentCell);
    case 'stddev':
      return stddevOf(cell as MomentCell);
    case 'distinct':
      return distinctOf(cell as DistinctCell);
    case 'top':
      return topOf(cell as TopCell, spec.k ?? TOP_K);
    default:
      return quantileOf(cell as QuantileCell, QUANTILE_BY_OP[spec.op] as number);
  }
}
