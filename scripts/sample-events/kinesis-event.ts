import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import { packAggregate } from './aggregate';
import {
  jsonFile,
  type Payload,
  type SampleCase,
  type SampleFile,
  type SampleRecord,
} from './sample';

const REGION = 'us-east-1';
/** The account of AWS's own examples. */
const ACCOUNT = '123456789012';
const SHARD = 'shardId-000000000000';
const FIRST_SEQUENCE = 49590338271490256608559692538361571095921575989136588898n;
/** Real numbers have gaps between them. */
const SEQUENCE_STEP = 2417851639229258349412352n;

/** The event as Lambda delivers it, and its twin for people: same records, decoded, with notes. */
export function kinesisFiles(sample: SampleCase): readonly SampleFile[] {
  return [
    jsonFile(`events/kinesis/${sample.name}.json`, kinesisEvent(sample)),
    jsonFile(`events/kinesis/${sample.name}.decoded.json`, decodedTwin(sample)),
  ];
}

function kinesisEvent(sample: SampleCase): KinesisStreamEvent {
  return { Records: sample.records.map(kinesisRecord) };
}

function kinesisRecord(record: SampleRecord, index: number): KinesisStreamRecord {
  const sequenceNumber = sequenceOf(index);
  return {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: record.partitionKey,
      sequenceNumber,
      data: bytesOf(record.payload).toString('base64'),
      approximateArrivalTimestamp: record.arrivalMs / 1000,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${SHARD}:${sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: `arn:aws:iam::${ACCOUNT}:role/millrace-StreamConsumerRole`,
    awsRegion: REGION,
    eventSourceARN: `arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/millrace-Stream`,
  };
}

function decodedTwin(sample: SampleCase): unknown {
  return {
    shows: sample.shows,
    records: sample.records.map((record, index) => ({
      ...(record.note === undefined ? {} : { note: record.note }),
      partitionKey: record.partitionKey,
      sequenceNumber: sequenceOf(index),
      arrival: new Date(record.arrivalMs).toISOString(),
      ...record.payload,
    })),
  };
}

function sequenceOf(index: number): string {
  return String(FIRST_SEQUENCE + BigInt(index) * SEQUENCE_STEP);
}

function bytesOf(payload: Payload): Buffer {
  if ('json' in payload) return Buffer.from(JSON.stringify(payload.json));
  if ('text' in payload) return Buffer.from(payload.text);
  if ('hex' in payload) return Buffer.from(payload.hex, 'hex');
  return packAggregate(
    payload.aggregate.map(({ partitionKey, json }) => ({
      partitionKey,
      bytes: Buffer.from(JSON.stringify(json)),
    })),
  );
}
