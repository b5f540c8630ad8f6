import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createS3Client, createS3Objects } from '@millrace/adapters/aws/s3-objects';
import type { Log } from '@millrace/core/port';
import { run } from '../../cli/src/main';
import { createStreamConsumer } from '../../functions/stream-consumer/stream-consumer';
import { kinesisEvent } from '../helper/event-source';
import { onePipeline } from '../helper/metric';
import { captureOutput } from '../unit/cli/capture-output';
import { contractEndpoint, uniqueName } from './endpoint';

const endpointUrl = contractEndpoint();
const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const START_MS = Date.UTC(2026, 0, 5);
const stack = uniqueName('millrace');

const TABLE = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  },
};

/** The data of template.yaml, with its outputs. */
const TEMPLATE = {
  Resources: {
    StateTable: TABLE,
    ResultsTable: TABLE,
    ControlTable: TABLE,
    QuarantineBucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: uniqueName('bucket') } },
    Stream: { Type: 'AWS::Kinesis::Stream', Properties: { ShardCount: 1 } },
  },
  Outputs: Object.fromEntries(
    [
      ...['StateTable', 'ResultsTable', 'ControlTable'].map((id) => [`${id}Name`, id]),
      ['QuarantineBucketName', 'QuarantineBucket'],
      ['StreamName', 'Stream'],
    ].map(([output, id]) => [output, { Value: { Ref: id } }]),
  ),
};

async function deploy(): Promise<Record<string, string>> {
  const client = new CloudFormationClient({ endpoint: endpointUrl });
  const TemplateBody = JSON.stringify(TEMPLATE);
  await client.send(new CreateStackCommand({ StackName: stack, TemplateBody }));
  for (;;) {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const [found] = Stacks ?? [];
    if (found?.StackStatus === 'CREATE_COMPLETE') {
      client.destroy();
      return Object.fromEntries(
        (found.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
      );
    }
    if (found?.StackStatus !== 'CREATE_IN_PROGRESS') throw new Error(String(found?.StackStatus));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function recordsOf(stream: string): Promise<[key: string, text: string][]> {
  const client = new KinesisClient({ endpoint: endpointUrl });
  const { Shards } = await client.send(new ListShardsCommand({ StreamName: stream }));
  const ShardId = Shards?.[0]?.ShardId;
  const { ShardIterator } = await client.send(
    new GetShardIteratorCommand({
      ...{ StreamName: stream, ShardId, ShardIteratorType: 'TRIM_HORIZON' },
    }),
  );
  const { Records } = await client.send(new GetRecordsCommand({ ShardIterator }));
  client.destroy();
  return (Records ?? []).map(({ PartitionKey, Data }) => [
    String(PartitionKey),
    Buffer.from(Data ?? []).toString(),
  ]);
}

test('quarantine and redrive find a deployed stack by its outputs, and put each record once', async () => {
  const outputs = await deploy();
  const client = createDynamoClient({ endpointUrl });
  const s3 = createS3Client({ endpointUrl });
  const table = (name: string) => createDynamoStore({ client, table: String(outputs[name]) });
  const consumer = createStreamConsumer({
    state: table('StateTableName'),
    results: table('ResultsTableName'),
    control: table('ControlTableName'),
    quarantine: createS3Objects({ client: s3, bucket: String(outputs.QuarantineBucketName) }),
    ...{ pipeline: onePipeline(), transforms: new Map(), log: SILENT },
    ...{ stateTtlMs: 7 * 86_400_000, retentionMs: 86_400_000 },
  });
  const texts = ['{"s":"a","t":1767571200000,"v":"1"}', '{"s":"ä","t":1767571200000,"v":"2"}', '{'];
  const batch = texts.map((text, at) => ({
    ...{ shard: 'shard-0', sequence: String(101 + at), partitionKey: `Schlüssel ${at}` },
    ...{ arrivalMs: START_MS, bytes: Buffer.from(text) },
  }));
  const context = { getRemainingTimeInMillis: () => 60_000 };
  expect(await consumer(kinesisEvent(batch), context)).toEqual({ batchItemFailures: [] });
  client.destroy();
  s3.destroy();

  const folder = mkdtempSync(join(tmpdir(), 'millrace-redrive-'));
  const pipeline = join(folder, 'pipeline.json');
  const metric = { series: ['s'], time: 't', value: 'v', coerce: true, aggregates: ['count'] };
  const window = { type: 'tumbling', size: '1m' };
  writeFileSync(pipeline, JSON.stringify({ version: 1, metrics: { m: { ...metric, window } } }));
  const command = async (...args: string[]) => {
    const output = captureOutput();
    const at = ['--stack', stack, '--endpoint', endpointUrl, '--json'];
    const code = await run([...args, ...at]).finally(output.restore);
    return {
      code,
      document: JSON.parse(output.printed.stdout || 'null'),
      errors: output.errorLines(),
    };
  };
  const redrive = (...args: string[]) => command('redrive', '--pipeline', pipeline, ...args);

  const listed = await command('quarantine', 'list');
  expect(listed).toMatchObject({ code: 0, document: { reasons: { value: 2, json: 1 } } });
  const dry = await redrive('--dry-run');
  expect(dry).toMatchObject({ code: 0, document: { put: 2, kept: { refused: 1 } } });
  expect(await recordsOf(String(outputs.StreamName))).toEqual([]);
  expect(await redrive()).toMatchObject({ code: 0, document: { put: 2, uncertain: 0 } });
  expect(await redrive()).toMatchObject({ code: 0, document: { put: 0, done: 2 } });
  expect(await recordsOf(String(outputs.StreamName))).toEqual([
    ['Schlüssel 0', texts[0]],
    ['Schlüssel 1', texts[1]],
  ]);
  rmSync(folder, { recursive: true });
});
