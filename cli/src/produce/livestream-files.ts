import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '../make-folder';
import { createRecordingWriter } from '../recording/write';
import { equalShards } from '../replay/hash-range';
import {
  type LivestreamOptions,
  type LivestreamTruth,
  livestream,
  livestreamPipeline,
} from './livestream';
import type { ProducedFiles } from './produce';

/** Writes the recording, what must come of it, and the pipeline for which that holds. */
export async function produceLivestream(
  out: string,
  options: LivestreamOptions,
): Promise<{ readonly files: ProducedFiles; readonly truth: LivestreamTruth }> {
  await makeFolder(dirname(out));
  const { records, truth } = livestream(options);
  const writer = await createRecordingWriter(out, {
    stream: 'chat',
    shards: equalShards(options.shards),
    origin: `millrace produce --scenario livestream --seed ${options.seed}: generated, no real site`,
    licence: 'CC0-1.0',
  });
  for (const record of records) await writer.write(record);
  await writer.close();
  const files = { recording: out, truth: `${out}.truth.json`, pipeline: `${out}.pipeline.json` };
  await writeFile(files.truth, `${JSON.stringify(truth, null, 2)}\n`);
  await writeFile(files.pipeline, livestreamPipeline());
  return { files, truth };
}
