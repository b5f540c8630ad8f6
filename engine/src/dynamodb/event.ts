import { createHash } from 'node:crypto';
import { REGION } from '../arn';
import type { Batch } from '../kinesis/batch';
import type { LoadedRecord } from '../stream/shard';
import { readChange } from './table-stream';

/** The event of a batch of changes, with exactly the fields and names that Lambda sends. */
export function tableEvent(batch: Batch, streamArn: string): unknown {
  return { Records: batch.deliveries.map(({ record }) => eventRecord(record, streamArn)) };
}

function eventRecord(record: LoadedRecord, streamArn: string): unknown {
  const { eventName, dynamodb } = readChange(record);
  const { Keys, NewImage, OldImage, StreamViewType } = dynamodb;
  return {
    eventID: createHash('md5').update(`${streamArn}:${record.sequence}`).digest('hex'),
    eventName,
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: REGION,
    dynamodb: {
      // Whole seconds, unlike a Kinesis record's arrival.
      ApproximateCreationDateTime: Math.floor(record.arrivalMs / 1_000),
      Keys,
      ...(NewImage === undefined ? {} : { NewImage }),
      ...(OldImage === undefined ? {} : { OldImage }),
      SequenceNumber: record.sequence,
      SizeBytes: record.data.length,
      StreamViewType,
    },
    eventSourceARN: streamArn,
  };
}
