import type { Pipeline, Transform, Transforms } from '@millrace/core/pipeline/pipeline';

/** Names of the transforms a pipeline uses. */
export function transformNames(pipeline: Pipeline): ReadonlySet<string> {
  const names = [pipeline.transform, ...pipeline.metrics.map((metric) => metric.transform)];
  return new Set(names.filter((name) => name !== null));
}

/**
 * Loads the pipeline's transforms from `transforms/<name>.ts`. The template literal is a glob to
 * esbuild, which bundles every file of the folder; only those that are named run.
 */
export async function loadTransforms(pipeline: Pipeline): Promise<Transforms> {
  const loaded = new Map<string, Transform>();
  for (const name of transformNames(pipeline)) {
    const module = (await import(`../../transforms/${name}.ts`)) as { default?: unknown };
    // A CommonJS loader wraps the module once more.
    const inner = module.default as { default?: unknown } | undefined;
    const transform = typeof inner === 'function' ? inner : inner?.default;
    if (typeof transform !== 'function') {
      throw new TypeError(`transforms/${name}.ts: expected a function as the default export`);
    }
    loaded.set(name, transform as Transform);
  }
  return loaded;
}
