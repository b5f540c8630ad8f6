import { UNKEYED } from '@millrace/core/partition-key';
import type { KinesisStreamRecord } from 'aws-lambda';

/** Stream and shard of an event record: `eventID` is `shard:sequence`, the ARN ends in the stream. */
export function sourceOfRecord(record: KinesisStreamRecord): { stream: string; shard: string } {
  const arn = record.eventSourceARN;
  const shard = record.eventID.slice(0, record.eventID.indexOf(':'));
  // An enhanced fan-out ARN goes on after the stream's name: stream/NAME/consumer/…
  const [stream = ''] = arn.slice(arn.indexOf('/') + 1).split('/');
  return { stream, shard };
}

/** The types of `aws-lambda` hide that an event may hold null here, or nothing. */
export function partitionKeyOf(kinesis: { readonly partitionKey?: string | null }): string {
  return kinesis.partitionKey ?? UNKEYED;
}

/** Epoch milliseconds. */
export function arrivalMsOf(kinesis: { readonly approximateArrivalTimestamp: number }): number {
  return Math.round(kinesis.approximateArrivalTimestamp * 1000);
}
