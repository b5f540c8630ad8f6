import { dirname } from 'node:path';
import { UsageError } from '../exit';
import { kindOf } from '../files/link';
import { makeFolder } from '../files/make-folder';
import { replaceFile } from '../files/write-file';
import { createRecordingWriter } from '../recording/write';
import { equalShards } from '../replay/hash-range';
import { generate } from './generate';
import { pipelineFor } from './pipeline-file';
import { type ProduceOptions, planProduction, ticksOf } from './plan';
import type { Truth } from './truth';

export interface ProducedFiles {
  readonly recording: string;
  readonly truth: string;
  readonly pipeline: string;
}

/**
 * Writes a recording, the truth about it and the pipeline under which that truth holds.
 * The same options and file name ending give the same bytes.
 * @throws UsageError when what was asked for does not fit into the duration
 */
export async function produce(
  out: string,
  options: ProduceOptions,
  onRecords: (records: number) => void = () => {},
): Promise<{ readonly files: ProducedFiles; readonly truth: Truth }> {
  const plan = planProduction(options);
  if (plan.misfits.length > 0) {
    const advice = 'ask for fewer, for more series or for a longer --duration';
    throw new UsageError(plan.misfits.map((misfit) => `millrace produce: ${misfit}: ${advice}`));
  }
  await makeFolder(dirname(out));
  const files = producedFiles(out);
  refuseLinks(files);
  const writer = await createRecordingWriter(out, {
    stream: 'host',
    shards: equalShards(options.shards),
    origin: `millrace produce --seed ${options.seed}: generated, no real machine; what was injected where is in the truth file`,
    licence: 'CC0-1.0',
  });
  const records = generate(options, plan);
  let next = records.next();
  for (; !next.done; next = records.next()) {
    await writer.write(next.value);
    if (writer.records % 1000 === 0) onRecords(writer.records);
  }
  await writer.close();
  await replaceFile(files.truth, `${JSON.stringify(next.value, null, 2)}\n`);
  await replaceFile(files.pipeline, pipelineFor(plan.windows));
  return { files, truth: next.value };
}

/** The recording and what is written beside it. */
export function producedFiles(out: string): ProducedFiles {
  return { recording: out, truth: `${out}.truth.json`, pipeline: `${out}.pipeline.json` };
}

/** Asked before minutes of work, whose last file would be refused. */
export function refuseLinks(files: ProducedFiles): void {
  for (const path of Object.values(files)) kindOf(path);
}

/** Records to come, for a progress bar: all samples and what is added to them. */
export function recordsAbout(options: ProduceOptions): number {
  return ticksOf(options) * options.series + options.duplicates + options.poison;
}
