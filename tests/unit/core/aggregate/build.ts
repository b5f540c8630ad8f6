import type {
  AggregatePlan,
  AggregateValue,
  WindowAggregate,
} from '@millrace/core/aggregate/aggregate';
import { planAggregates } from '@millrace/core/aggregate/plan';
import type { AggregateOp, AggregateSpec } from '@millrace/core/pipeline/pipeline';
import type { AggregateInput } from '@millrace/core/record/record';

export const WINDOW_MS = 60_000;

/** `mean` is of the metric's value, `mean:user.age` of an own path. */
export function spec(text: string, k?: number): AggregateSpec {
  const [op, path] = text.split(':');
  return {
    op: op as AggregateOp,
    path: path === undefined ? null : path.split('.'),
    as: text,
    ...(k === undefined ? {} : { k }),
  };
}

export function planOf(...specs: (string | AggregateSpec)[]): AggregatePlan {
  return planAggregates(specs.map((entry) => (typeof entry === 'string' ? spec(entry) : entry)));
}

/** A window with these values of slot 0, all at event time 0. */
export function windowOf(plan: AggregatePlan, values: readonly number[]): WindowAggregate {
  const window = plan.create();
  for (const value of values) plan.add(window, [value], 0);
  return window;
}

/** A window with these values of slot 1. */
export function windowOfInputs(
  plan: AggregatePlan,
  values: readonly AggregateInput[],
): WindowAggregate {
  const window = plan.create();
  for (const value of values) plan.add(window, [1, value], 0);
  return window;
}

/** The one result of a plan for these values of slot 0. */
export function resultOf(op: string, values: readonly number[]): AggregateValue | undefined {
  const plan = planOf(op);
  return plan.results(windowOf(plan, values), WINDOW_MS)[op];
}

/** Encoded, through JSON text, and decoded. */
export function restored(plan: AggregatePlan, window: WindowAggregate): WindowAggregate {
  return plan.decode(JSON.parse(JSON.stringify(plan.encode(window))));
}
