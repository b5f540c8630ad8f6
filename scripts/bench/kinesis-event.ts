import type { KinesisStreamEvent } from 'aws-lambda';

/** Records so small that 10,000 of them fit the 6 MB of an invocation. */
export function smallEvent(records: number): KinesisStreamEvent {
  const { Records } = kinesisEvent(records, 100);
  for (const [at, record] of Records.entries()) {
    const { partitionKey: host, approximateArrivalTimestamp } = record.kinesis;
    const ts = Math.round(approximateArrivalTimestamp * 1000);
    const small = JSON.stringify({ type: 'host', host, ts, cpu: at % 100 });
    record.kinesis.data = Buffer.from(small).toString('base64');
  }
  return { Records };
}

/** One batch of telemetry as Lambda delivers it: about 290 bytes of JSON a record, `series` hosts. */
export function kinesisEvent(records: number, series: number): KinesisStreamEvent {
  const startMs = Date.UTC(2026, 0, 1);
  return {
    Records: Array.from({ length: records }, (_, at) => {
      const host = `host-${String(at % series).padStart(4, '0')}`;
      const arrivalMs = startMs + at * 10;
      const sequenceNumber = String(10n ** 55n + BigInt(at));
      return {
        eventID: `shardId-000000000000:${sequenceNumber}`,
        eventName: 'aws:kinesis:record',
        eventSource: 'aws:kinesis',
        eventSourceARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/telemetry',
        eventVersion: '1.0',
        awsRegion: 'eu-west-1',
        invokeIdentityArn: 'arn:aws:iam::123456789012:role/consumer',
        kinesis: {
          kinesisSchemaVersion: '1.0',
          partitionKey: host,
          sequenceNumber,
          data: Buffer.from(JSON.stringify(payload(host, at, arrivalMs))).toString('base64'),
          approximateArrivalTimestamp: arrivalMs / 1000,
        },
      };
    }),
  };
}

function payload(host: string, at: number, arrivalMs: number) {
  return {
    type: 'host',
    id: `evt-${at.toString(36).padStart(12, '0')}`,
    host,
    region: 'eu-west-1',
    version: '2026.11.3-rc.1',
    ts: arrivalMs - (at % 5) * 100,
    cpu: 20 + ((at * 7919) % 1000) / 20,
    user: `user-${at % 97}`,
    tags: ['production', 'blue', 'canary'],
    memory: { usedBytes: 8_123_456_789 + at, freeBytes: 1_234_567 },
    message: 'sampled by the agent at a regular interval',
  };
}
