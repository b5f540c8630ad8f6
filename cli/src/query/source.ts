import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { DETECTOR_NAMES } from '@millrace/core/detector/registry';
import { parsePipelineText } from '@millrace/core/pipeline/parse';
import { describeStack } from '../env/stack-outputs';
import { UsageError } from '../exit';
import { readPipeline } from '../load-pipeline';
import { openLocalStore } from '../local-store';
import type { QuerySource } from './read';

/** The tables of a deployed stack, by its outputs. */
export async function openStack(
  stack: string,
  options: { readonly endpointUrl?: string | undefined; readonly pipeline: string },
): Promise<QuerySource> {
  const { endpointUrl } = options;
  const { pipeline } = await readPipeline(options.pipeline);
  const { outputs } = await describeStack(stack, { endpointUrl });
  const client = createDynamoClient({ endpointUrl, requestMsMax: REQUEST_MS_MAX });
  const limits = { attemptsMax: 4, attemptMsMax: REQUEST_MS_MAX, totalMsMax: 20_000 };
  const table = (output: string) => {
    const name = outputs[output];
    if (name !== undefined) return createDynamoStore({ client, table: name, limits });
    throw new UsageError(
      `stack ${stack}: expected an output ${output}; is it a stack of Millrace?`,
    );
  };
  return { results: table('ResultsTableName'), control: table('ControlTableName'), pipeline };
}

/** From here the way to AWS is longer than from a function. */
const REQUEST_MS_MAX = 5_000;

/** What `millrace start` or `replay --store` left on this machine, and the pipeline it ran with. */
export async function openLocal(folder: string): Promise<QuerySource> {
  const { map, note } = await openLocalStore(folder);
  const table = (name: string) => createKeyValueStore({ map, table: name });
  const { pipeline } = parsePipelineText(note.pipeline, {
    source: folder,
    detectors: DETECTOR_NAMES,
  });
  return {
    results: table(note.tables.results),
    control: table(note.tables.control),
    pipeline,
  };
}
