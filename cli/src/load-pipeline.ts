import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DETECTOR_NAMES } from '@millrace/core/detector/registry';
import { parsePipelineText } from '@millrace/core/pipeline/parse';
import type { Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import { PipelineError } from '@millrace/core/pipeline/problem';
import { isSystemError, UsageError } from './exit';
import { findTransforms, type LoadModule, loadTransforms } from './transforms';

export interface LoadedPipeline {
  readonly pipeline: Pipeline;
  readonly transforms: Transforms;
  /** Lines about what runs but is likely a mistake. */
  readonly warnings: readonly string[];
}

/** Where the code of transforms may come from, and how it is loaded. */
export interface LoadOptions {
  /** Folder of `--transforms`; absent = the project's transforms alone. */
  readonly transforms?: string | undefined;
  readonly loadModule?: LoadModule;
}

/**
 * Reads a pipeline file whose transforms are not to run: no code is loaded.
 * @throws UsageError with every mistake as a line of its own
 */
export async function readPipeline(path: string): Promise<Omit<LoadedPipeline, 'transforms'>> {
  const text = await readPipelineText(path);
  try {
    return parsePipelineText(text, { source: path, detectors: DETECTOR_NAMES });
  } catch (error) {
    throw error instanceof PipelineError ? new UsageError(error.problems) : error;
  }
}

/**
 * Reads a pipeline file and the transforms it names.
 * @throws UsageError with every mistake as a line of its own
 */
export async function loadPipeline(
  path: string,
  options: LoadOptions = {},
): Promise<LoadedPipeline> {
  const text = await readPipelineText(path);
  const files = await findTransforms(options.transforms ?? null);
  try {
    const { pipeline, warnings } = parsePipelineText(text, {
      source: path,
      transforms: new Set(files.keys()),
      detectors: DETECTOR_NAMES,
    });
    const { loadModule } = options;
    const transforms = await loadTransforms(pipeline, files, {
      source: path,
      ...(loadModule && { loadModule }),
    });
    return { pipeline, transforms, warnings };
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    const wantsFolder = options.transforms === undefined && existsSync(besideOf(path));
    throw new UsageError(error.problems.map((line) => (wantsFolder ? withHint(line, path) : line)));
  }
}

const UNKNOWN_TRANSFORM = /: there is no transforms\//;

/** A transform that lies beside the file is not code that the user asked to run. */
function withHint(problem: string, path: string): string {
  if (!UNKNOWN_TRANSFORM.test(problem)) return problem;
  return `${problem}; to run code from beside the file: --transforms ${besideOf(path)}`;
}

function besideOf(path: string): string {
  return join(dirname(path), 'transforms');
}

async function readPipelineText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = isSystemError(error) ? (error.code ?? '') : '';
    if (code === 'EISDIR') throw notAPipeline(path, 'a folder');
    if (code === 'ENOENT' || code === 'ENOTDIR') throw notAPipeline(path, 'no such file');
    throw error;
  }
}

function notAPipeline(path: string, got: string): UsageError {
  return new UsageError(`${path}: expected a pipeline file, got ${got}`);
}
