import type { Scalar } from '../pipeline/pipeline';
import { STEP, type Step } from './cell-choice';
import type { CountCell } from './count-cell';
import { addToDistinct, type DistinctCell } from './distinct-sketch';
import { sumStaysFinite } from './exact-sum';
import { addToMax, addToMin, type ExtremeCell } from './extreme-cell';
import { addToFirst, addToLast, type EdgeCell } from './first-last-cell';
import { addToMoments, type MomentCell, momentsStayFinite } from './moment-cell';
import { addToQuantiles, type QuantileCell } from './quantile-sketch';
import { addToSum, type SumCell } from './sum-cell';
import { addToTop, type TopCell } from './top-sketch';

/**
 * The hot path: a jump to a function that has only ever seen one shape of cell. `cell` is the cell
 * that `step.kind` made, which the casts rely on.
 */
export function addToCell(step: Step, cell: unknown, input: Scalar, eventMs: number): void {
  switch (step.code) {
    case STEP.count:
      (cell as CountCell).n += 1;
      return;
    case STEP.sum:
      if (typeof input === 'number') addToSum(cell as SumCell, input);
      return;
    case STEP.min:
      if (typeof input === 'number') addToMin(cell as ExtremeCell, input);
      return;
    case STEP.max:
      if (typeof input === 'number') addToMax(cell as ExtremeCell, input);
      return;
    case STEP.moments:
      if (typeof input === 'number') addToMoments(cell as MomentCell, input);
      return;
    case STEP.quantiles:
      if (typeof input === 'number') addToQuantiles(cell as QuantileCell, input);
      return;
    case STEP.first:
      addToFirst(cell as EdgeCell, input, eventMs);
      return;
    case STEP.last:
      addToLast(cell as EdgeCell, input, eventMs);
      return;
    case STEP.distinct:
      addToDistinct(cell as DistinctCell, input);
      return;
    case STEP.top:
      addToTop(cell as TopCell, input, step.capacity);
  }
}

/** Whether the cell's results would stay finite; `input` is finite itself. */
export function cellStaysFinite(step: Step, cell: unknown, input: number): boolean {
  switch (step.code) {
    case STEP.sum:
      return sumStaysFinite(cell as SumCell, input);
    case STEP.moments:
      return momentsStayFinite(cell as MomentCell, input);
    default:
      return true;
  }
}
