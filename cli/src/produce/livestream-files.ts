import { dirname } from 'node:path';
import { makeFolder } from '../files/make-folder';
import { replaceFile } from '../files/write-file';
import { createRecordingWriter } from '../recording/write';
import { equalShards } from '../replay/hash-range';
import {
  type LivestreamOptions,
  type LivestreamTruth,
  livestream,
  livestreamPipeline,
} from './livestream';
import { type ProducedFiles, producedFiles, refuseLinks } from './produce';

/** Writes the recording, what must come of it, and the pipeline for which that holds. */
export async function produceLivestream(
  out: string,
  options: LivestreamOptions,
): Promise<{ readonly files: ProducedFiles; readonly truth: LivestreamTruth }> {
  await makeFolder(dirname(out));
  const files = producedFiles(out);
  refuseLinks(files);
  const { records, truth } = livestream(options);
  const writer = await createRecordingWriter(out, {
    stream: 'chat',
    shards: equalShards(options.shards),
    origin: `millrace produce --scenario livestream --seed ${options.seed}: generated, no real site`,
    licence: 'CC0-1.0',
  });
  for (const record of records) await writer.write(record);
  await writer.close();
  await replaceFile(files.truth, `${JSON.stringify(truth, null, 2)}\n`);
  await replaceFile(files.pipeline, livestreamPipeline());
  return { files, truth };
}
