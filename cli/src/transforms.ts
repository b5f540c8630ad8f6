import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { types } from 'node:util';
import type { Pipeline, Transform } from '@millrace/core/pipeline/pipeline';
import { PipelineError } from '@millrace/core/pipeline/problem';
import { isSystemError, joinLines, UsageError } from './exit';
import { projectFile } from './project';

/** Where `transforms/NAME.ts` is, by name. */
export type TransformFiles = ReadonlyMap<string, string>;

/** Imports a TypeScript module; the entry point has taught Node how. */
export type LoadModule = (file: string) => Promise<unknown>;

const importModule: LoadModule = (file) => import(pathToFileURL(file).href);

/** The help of `--transforms`, the same for all commands that have it. */
export const TRANSFORMS_OPTION = [
  '--transforms <dir>',
  "folder of code that the pipeline may name, before the project's transforms/",
] as const;

/**
 * The transforms of the project, and before them those of a folder that the user named. Never those
 * beside the pipeline file: it may be a stranger's, and loading a transform runs it.
 * @param folder of `--transforms`; null = the project's alone
 * @throws UsageError when it cannot be read
 */
export async function findTransforms(folder: string | null): Promise<TransformFiles> {
  const files = new Map<string, string>();
  // Without the project's folder a pipeline that names a transform is told so by the parser.
  await addFiles(files, projectFile('transforms')).catch(() => undefined);
  if (folder === null) return files;
  try {
    await addFiles(files, resolve(folder));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const got = error.code === 'ENOENT' ? 'no such folder' : `${error.code}`;
    throw new UsageError(`--transforms: ${folder}: expected a folder, got ${got}`);
  }
  return files;
}

async function addFiles(files: Map<string, string>, folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.endsWith('.ts') && !name.endsWith('.d.ts')) {
      files.set(name.slice(0, -'.ts'.length), join(folder, name));
    }
  }
}

/**
 * Loads the transforms that a pipeline names.
 * @throws PipelineError with a line for each file that cannot be loaded or exports no function
 */
export async function loadTransforms(
  pipeline: Pipeline,
  files: TransformFiles,
  options: { readonly source: string; readonly loadModule?: LoadModule },
): Promise<ReadonlyMap<string, Transform>> {
  const load = options.loadModule ?? importModule;
  const named = [pipeline.transform, ...pipeline.metrics.map((metric) => metric.transform)];
  const transforms = new Map<string, Transform>();
  const problems: string[] = [];
  for (const name of new Set(named)) {
    if (name === null) continue;
    const loaded = await loadTransform(files.get(name) ?? '', load);
    if (typeof loaded === 'function') transforms.set(name, loaded);
    else problems.push(`${options.source}: transform: transforms/${name}.ts${joinLines(loaded)}`);
  }
  if (problems.length > 0) throw new PipelineError(problems);
  return transforms;
}

/** The function, or what is wrong with its file: text to stand behind its name. */
async function loadTransform(file: string, load: LoadModule): Promise<Transform | string> {
  let transform: unknown;
  try {
    transform = defaultExport(await load(file));
  } catch (error) {
    return explain(error, file);
  }
  if (typeof transform !== 'function') {
    return `: expected a function as its default export, got ${typeof transform}`;
  }
  const kind = transform.constructor.name;
  if (kind === 'Function') return transform as Transform;
  const word = kind === 'AsyncFunction' ? 'an async function' : 'a generator';
  return `: expected a synchronous function, got ${word}; the stream does not wait for transforms`;
}

/** Why a file cannot be loaded, and at which line and column where that is known. */
function explain(error: unknown, file: string): string {
  const {
    message,
    name,
    stack = '',
  } = types.isNativeError(error) ? error : { message: String(error), name: 'Error' };
  const text = joinLines(message);
  const place = (within: string) => /:\d+:\d+/.exec(within.split(file)[1] ?? '')?.[0] ?? '';
  const syntax = /^(?:\w+: )?Transform failed with \d+ errors?: .*?:\d+:\d+: ERROR: (.*)$/.exec(
    text,
  );
  if (syntax !== null) return `${place(text)}: syntax error: ${syntax[1]}`;
  const missing = /Cannot find (?:module|package) '([^']*)'/.exec(text);
  if (missing !== null) {
    return `: imports ${JSON.stringify(missing[1])}, which is neither a file nor an installed package`;
  }
  return `${place(stack.slice(stack.indexOf(message) + message.length))}: threw while it was loaded: ${name}: ${text}`;
}

/** A file outside of any ES module package is loaded as CommonJS, which wraps the default twice. */
function defaultExport(module: unknown): unknown {
  const outer = (module as { default?: unknown }).default;
  const inner = (outer as { default?: unknown } | undefined)?.default;
  return typeof outer === 'function' ? outer : (inner ?? outer);
}
