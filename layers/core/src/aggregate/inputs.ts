import type { AggregateSpec, Path } from '../pipeline/pipeline';

/**
 * The distinct own paths of a metric's aggregates, in order of first use. Slot 0 of a measurement's
 * inputs is the metric's value, slot `n` the value at `aggregateInputs(specs)[n - 1]`.
 */
export function aggregateInputs(specs: readonly AggregateSpec[]): readonly Path[] {
  const paths: Path[] = [];
  for (const { path } of specs) {
    if (path !== null && !paths.some((known) => samePath(known, path))) paths.push(path);
  }
  return paths;
}

/** The slot of a measurement's inputs that one of `specs` reads. */
export function slotOf(spec: AggregateSpec, specs: readonly AggregateSpec[]): number {
  const { path } = spec;
  if (path === null) return 0;
  return aggregateInputs(specs).findIndex((known) => samePath(known, path)) + 1;
}

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((step, at) => step === b[at]);
}
