import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { createRecordingWriter } from '@millrace/cli/recording/write';

export interface StreamedRecord {
  readonly shard: string;
  readonly sequence: string;
  readonly partitionKey: string;
  readonly arrivalMs: number;
  readonly bytes: Uint8Array;
}

/** Everything that is in a stream, as its reader sees it: shard by shard, in sequence order. */
export async function readStream(client: KinesisClient, stream: string): Promise<StreamedRecord[]> {
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: stream }));
  const records: StreamedRecord[] = [];
  for (const { ShardId: shard = '' } of Shards) {
    const start = {
      StreamName: stream,
      ShardId: shard,
      ShardIteratorType: 'TRIM_HORIZON',
    } as const;
    let { ShardIterator: iterator } = await client.send(new GetShardIteratorCommand(start));
    for (let isBehind = true; isBehind && iterator !== undefined; ) {
      const page = await client.send(
        new GetRecordsCommand({ ShardIterator: iterator, Limit: 500 }),
      );
      for (const record of page.Records ?? []) {
        records.push({
          shard,
          sequence: record.SequenceNumber ?? '',
          partitionKey: record.PartitionKey ?? '',
          arrivalMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
          bytes: record.Data ?? new Uint8Array(0),
        });
      }
      isBehind = (page.Records ?? []).length > 0;
      iterator = page.NextShardIterator;
    }
  }
  return records;
}

/**
 * A recording of these records, for `millrace replay`. The emulator's sequence numbers start with
 * zeros, which no number of Kinesis does and a recording refuses.
 */
export async function writeRecording(
  path: string,
  records: readonly StreamedRecord[],
): Promise<void> {
  const writer = await createRecordingWriter(path, { stream: 'deployed' });
  for (const record of records) {
    await writer.write({ ...record, sequence: withoutZeros(record.sequence) });
  }
  await writer.close();
}

export function withoutZeros(sequence: string): string {
  return sequence.replace(/^0+(?=\d)/, '');
}

/** One invocation's event, as Lambda makes it of records of one shard. */
export function kinesisEvent(records: readonly StreamedRecord[], streamArn: string): unknown {
  return {
    Records: records.map((record) => ({
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: record.partitionKey,
        sequenceNumber: record.sequence,
        data: Buffer.from(record.bytes).toString('base64'),
        approximateArrivalTimestamp: record.arrivalMs / 1000,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `${record.shard}:${record.sequence}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: 'arn:aws:iam::000000000000:role/test',
      awsRegion: 'us-east-1',
      eventSourceARN: streamArn,
    })),
  };
}
