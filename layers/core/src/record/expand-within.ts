import type { JsonRecord, Pipeline, Transforms } from '../pipeline/pipeline';
import { printable } from '../text/printable';
import { type Decision, expand, type OutputBudget, type Visit } from './expand';
import { type TimeLimit, TimeLimitError, TRANSFORMS_RECORD_MS_MAX } from './time-limit';

/** What the transforms of one stream record may still take, all of its user records together. */
export class RecordTime {
  readonly #limit: TimeLimit;
  #leftMs = TRANSFORMS_RECORD_MS_MAX;

  constructor(limit: TimeLimit) {
    this.#limit = limit;
  }

  /** Before each stream record. */
  begin(): void {
    this.#leftMs = TRANSFORMS_RECORD_MS_MAX;
  }

  /** @throws TimeLimitError when the record has no time left, or `work` took all of it */
  run<T>(work: () => T): T {
    // Less is not worth a start, and the limit of an adapter may be whole milliseconds.
    if (this.#leftMs < 1) throw new TimeLimitError();
    const startMs = this.#limit.nowMs();
    try {
      const result = this.#limit.run(work, this.#leftMs);
      this.#leftMs -= this.#limit.nowMs() - startMs;
      return result;
    } catch (error) {
      // Whatever the clock says: nothing is left, and no work of the record is begun again.
      this.#leftMs = 0;
      throw error;
    }
  }
}

/**
 * `expand` under the time that its stream record has left. A user record whose transforms take longer is
 * refused as one, reason `transform`, as if nothing of it had been read.
 */
export function expandWithin(
  time: RecordTime,
  record: JsonRecord,
  pipeline: Pipeline,
  transforms: Transforms,
  arrivalMs: number,
  visit: Visit,
  subBase: number,
  budget: OutputBudget,
): number {
  const { left } = budget;
  const decided: [sub: number, decision: Decision][] = [];
  const collect: Visit = (sub, decision) => decided.push([sub, decision]);
  let used = 1;
  try {
    used = time.run(() =>
      expand(record, pipeline, transforms, arrivalMs, collect, subBase, budget),
    );
  } catch (error) {
    if (!(error instanceof TimeLimitError)) throw error;
    budget.left = left;
    decided.length = 0;
    const detail = `${namesOf(pipeline)} did not return within ${TRANSFORMS_RECORD_MS_MAX} ms`;
    decided.push([subBase, { kind: 'rejection', metric: null, reason: 'transform', detail }]);
  }
  for (const [sub, decision] of decided) visit(sub, decision);
  return used;
}

/** Whether user code runs on records at all. */
export function hasTransforms({ transform, metrics }: Pipeline): boolean {
  return transform !== null || metrics.some((metric) => metric.transform !== null);
}

function namesOf({ transform, metrics }: Pipeline): string {
  const all = [transform, ...metrics.map((metric) => metric.transform)];
  const names = new Set(all.filter((name) => name !== null));
  return [...names].map(printable).join(' or ');
}
