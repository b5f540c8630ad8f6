import { ACCOUNT, REGION } from '../arn';
import type { Batch } from './batch';

/** The event of a batch, with exactly the fields and names that Lambda sends. */
export function kinesisEvent(batch: Batch, streamArn: string, functionId: string): unknown {
  return {
    Records: batch.deliveries.map(({ record }) => ({
      kinesis: {
        kinesisSchemaVersion: '1.0',
        // What Lambda sends for a record that has none.
        partitionKey: record.partitionKey === '' ? null : record.partitionKey,
        sequenceNumber: record.sequence,
        data: record.data,
        approximateArrivalTimestamp: record.arrivalMs / 1_000,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `${record.shard}:${record.sequence}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: `arn:aws:iam::${ACCOUNT}:role/${functionId}Role`,
      awsRegion: REGION,
      eventSourceARN: streamArn,
    })),
  };
}
