import { readFile } from 'node:fs/promises';
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

/**
 * Reads a pipeline file and the transforms it names.
 * @throws UsageError with every mistake as a line of its own
 */
export async function loadPipeline(
  path: string,
  options: { readonly loadModule?: LoadModule } = {},
): Promise<LoadedPipeline> {
  const text = await readPipelineText(path);
  const files = await findTransforms(path);
  try {
    const { pipeline, warnings } = parsePipelineText(text, {
      source: path,
      transforms: new Set(files.keys()),
      detectors: DETECTOR_NAMES,
    });
    const transforms = await loadTransforms(pipeline, files, { source: path, ...options });
    return { pipeline, transforms, warnings };
  } catch (error) {
    throw error instanceof PipelineError ? new UsageError(error.problems) : error;
  }
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
