import { join } from 'node:path';
import { type BuildOptions, type BuildResult, buildSync, type Format } from 'esbuild';
import type { Document, Resource } from '../contract/template/document';

/** Bundles a function into `outdir` as `sam build` does, with the settings of the template. */
export function bundleFunction(
  resource: Resource,
  outdir: string,
  overrides: BuildOptions = {},
): BuildResult<{ metafile: true }> {
  const settings = resource.Metadata.BuildProperties;
  const entryPoints: string[] = settings.EntryPoints ?? ['handler.ts'];
  // What SAM passes on, and the three settings it does not let us choose.
  return buildSync({
    entryPoints: entryPoints.map((entry) => join(resource.Properties.CodeUri, entry)),
    format: settings.Format as Format,
    target: settings.Target,
    mainFields: settings.MainFields.split(','),
    minify: settings.Minify,
    keepNames: settings.KeepNames,
    sourcemap: settings.Sourcemap,
    external: settings.External,
    bundle: true,
    platform: 'node',
    outdir,
    logLevel: 'silent',
    ...overrides,
    metafile: true,
  });
}

/** The variables as the template sets them; a resource's name stands for itself. */
export function environmentOf(document: Document, resource: Resource): Record<string, string> {
  const variables = {
    ...document.Globals.Function.Environment.Variables,
    ...resource.Properties.Environment.Variables,
  };
  const text = (value: unknown) =>
    typeof value === 'object' ? String(Object.values(value as object)[0]) : String(value);
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, text(value)]));
}
