import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { createKinesisClient, createKinesisWriter } from '@millrace/adapters/aws/kinesis-writer';
import type { StreamEntry } from '@millrace/core/port';
import { contractEndpoint, uniqueName } from './endpoint';
import { describeStreamWriter } from './stream-writer.suite';

const client = createKinesisClient({ endpointUrl: contractEndpoint(), requestMsMax: 5000 });

afterAll(() => client.destroy());

describeStreamWriter('Kinesis', async () => {
  const stream = uniqueName('stream');
  await client.send(new CreateStreamCommand({ StreamName: stream, ShardCount: 2 }));
  await becomeActive(stream);
  const limits = { attemptsMax: 3, attemptMsMax: 5000, totalMsMax: 15_000 };
  return { writer: createKinesisWriter({ client, stream, limits }), read: () => readAll(stream) };
});

async function becomeActive(stream: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const command = new DescribeStreamSummaryCommand({ StreamName: stream });
    const { StreamDescriptionSummary } = await client.send(command);
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`stream ${stream} does not become active`);
}

async function readAll(stream: string): Promise<StreamEntry[]> {
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: stream }));
  const shards = Shards.toSorted((left, right) =>
    BigInt(left.HashKeyRange!.StartingHashKey!) < BigInt(right.HashKeyRange!.StartingHashKey!)
      ? -1
      : 1,
  );
  const entries: StreamEntry[] = [];
  for (const { ShardId } of shards) entries.push(...(await readShard(stream, ShardId!)));
  return entries;
}

const READS_MAX = 100;

async function readShard(stream: string, shard: string): Promise<StreamEntry[]> {
  const from = { StreamName: stream, ShardId: shard, ShardIteratorType: 'TRIM_HORIZON' as const };
  const { ShardIterator } = await client.send(new GetShardIteratorCommand(from));
  const entries: StreamEntry[] = [];
  let iterator = ShardIterator;
  for (let reads = 0; reads < READS_MAX && iterator !== undefined; reads++) {
    const page = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 1000 }));
    for (const { PartitionKey, Data } of page.Records ?? []) {
      entries.push({ partitionKey: PartitionKey!, data: Data! });
    }
    if (page.Records?.length === 0 && page.MillisBehindLatest === 0) return entries;
    iterator = page.NextShardIterator;
  }
  throw new Error(`shard ${shard} does not end`);
}
