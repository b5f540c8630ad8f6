import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createKinesisClient, createKinesisWriter } from '@millrace/adapters/aws/kinesis-writer';
import { createS3Client, createS3Objects } from '@millrace/adapters/aws/s3-objects';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import type { KeyValueStore, ObjectStore, StreamWriter } from '@millrace/core/port';
import type { Command } from 'commander';
import { complaint } from '../command';
import { readStackOutputs } from '../env/stack-outputs';
import { UsageError } from '../exit';
import { hasLocalData, openStoreData } from '../local-store';
import { checkTogether, urlValue } from '../option-value';

/** Where the quarantine is: `--local DIR`, or `--stack NAME` with `--endpoint URL`. */
export interface TargetFlags {
  readonly local?: string;
  readonly stack?: string;
  readonly endpoint?: string;
}

export interface QuarantineStores {
  readonly state: KeyValueStore;
  readonly control: KeyValueStore;
  readonly objects: ObjectStore;
  /** Null for a local store: nothing reads a stream there. */
  readonly stream: { readonly name: string; writer(name: string): StreamWriter } | null;
  close(): Promise<void>;
}

/** One of them is needed, and a folder must be there: asked before anything else is read. */
export function addTargetOptions(command: Command): Command {
  checkTogether(command, ({ local, stack }: TargetFlags) => {
    if ((local === undefined) === (stack === undefined)) {
      return ['expected one of --local DIR and --stack NAME'];
    }
    if (local === undefined || hasLocalData(local)) return [];
    return [`--local: expected a folder with a store in it, got ${JSON.stringify(local)}`];
  });
  return command
    .option('--local <dir>', 'store of a local application')
    .option('--stack <name>', 'deployed stack')
    .option('--endpoint <url>', 'of an emulator (default: AWS)', urlValue(command, '--endpoint'));
}

export async function openStores(command: Command, flags: TargetFlags): Promise<QuarantineStores> {
  if (flags.local !== undefined) return openLocal(flags.local);
  return openStack(command, flags.stack as string, flags.endpoint);
}

async function openLocal(folder: string): Promise<QuarantineStores> {
  const { map, objects } = openStoreData(folder);
  const table = (name: string) => createKeyValueStore({ map, table: name });
  return {
    state: table('StateTable'),
    control: table('ControlTable'),
    objects,
    stream: null,
    close: () => map.close(),
  };
}

async function openStack(
  command: Command,
  stack: string,
  endpointUrl: string | undefined,
): Promise<QuarantineStores> {
  const outputs = await readStackOutputs(stack, { endpointUrl });
  const output = (name: string) => {
    const value = outputs[name];
    if (value !== undefined && value !== '') return value;
    throw new UsageError(complaint(command, `--stack: ${stack} has no output ${name}`));
  };
  const [stateTable, controlTable] = [output('StateTableName'), output('ControlTableName')];
  const [bucket, name] = [output('QuarantineBucketName'), output('StreamName')];
  const dynamo = createDynamoClient({ endpointUrl });
  const s3 = createS3Client({ endpointUrl });
  const kinesis = createKinesisClient({ endpointUrl });
  return {
    state: createDynamoStore({ client: dynamo, table: stateTable }),
    control: createDynamoStore({ client: dynamo, table: controlTable }),
    objects: createS3Objects({ client: s3, bucket }),
    stream: { name, writer: (to) => createKinesisWriter({ client: kinesis, stream: to }) },
    close: async () => {
      for (const client of [dynamo, s3, kinesis]) client.destroy();
    },
  };
}
