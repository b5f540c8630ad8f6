import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { parser } from '@aws-lambda-powertools/batch/parser';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import type { Item, KeyValueStore } from '@millrace/core/port';
import type { KinesisStreamRecord } from 'aws-lambda';
import { z } from 'zod';
import { createStreamConsumer } from '../../functions/stream-consumer/stream-consumer';
import { kinesisEvent, smallEvent } from './kinesis-event';
import { compare, type Variant } from './measure';

const DAY_MS = 24 * 3_600_000;

const SIMPLE = ['count', 'mean', 'max'];
const SKETCHES = ['count', 'sum', 'min', 'max', 'variance', 'p50', 'p99'];

function pipelineOf(aggregates: readonly string[]) {
  return {
    version: 1,
    metrics: {
      'host.cpu': {
        match: { type: 'host' },
        series: ['host'],
        time: 'ts',
        value: 'cpu',
        window: { type: 'tumbling', size: '1m' },
        aggregates,
        detect: { detector: 'default', on: 'max' },
      },
    },
  };
}

const Payload = z.object({
  type: z.string(),
  id: z.string(),
  host: z.string(),
  ts: z.number(),
  cpu: z.number(),
});

/** Tables that cost next to nothing: what a store costs is its adapter's affair, not the consumer's. */
function plainTable(): KeyValueStore {
  const items = new Map<string, Item>();
  const unused = () => {
    throw new Error('the consumer does not do this on its happy path');
  };
  return {
    getMany: async (keys) => keys.map(({ pk, sk }) => items.get(`${pk} ${sk}`)),
    put: async (item) => {
      items.set(`${item.pk} ${item.sk}`, item);
      return 'written';
    },
    update: unused,
    increment: unused,
    delete: unused,
    query: unused,
    scan: unused,
  };
}

/** A consumer with empty tables every time: what is measured is the batch, not the store's growth. */
function freshConsumer(aggregates: readonly string[]) {
  return createStreamConsumer({
    pipeline: parsePipeline(pipelineOf(aggregates)).pipeline,
    transforms: new Map(),
    state: plainTable(),
    results: plainTable(),
    control: plainTable(),
    quarantine: createObjectMemory(),
    log: { info() {}, warn() {}, error() {} },
    stateTtlMs: 7 * DAY_MS,
    retentionMs: DAY_MS,
  });
}

const context = { getRemainingTimeInMillis: () => 60_000 };

async function validateRecord(record: KinesisStreamRecord): Promise<void> {
  const text = Buffer.from(record.kinesis.data, 'base64').toString('utf8');
  if (!Payload.safeParse(JSON.parse(text)).success) throw new Error('invalid');
}

/** The parser takes seconds for more records than this, round after round. */
const PARSER_RECORDS_MAX = 1000;

const PARSER_NAME = 'Powertools batch with its parser and zod, empty record handler';

function powertoolsParser(text: string): Variant {
  return {
    name: PARSER_NAME,
    run: async () => {
      const processor = new BatchProcessor(EventType.KinesisDataStreams, {
        parser,
        innerSchema: Payload,
        transformer: 'base64',
      });
      const response = await processPartialResponse(JSON.parse(text), async () => {}, processor, {
        throwOnFullBatchFailure: false,
      });
      if (response.batchItemFailures.length > 0) throw new Error('the batch failed');
    },
  };
}

function variants(records: number, series: number): Variant[] {
  const text = JSON.stringify(kinesisEvent(records, series));
  return [
    {
      name: 'floor: JSON.parse(event), base64, JSON.parse per record',
      run: () => {
        let sum = 0;
        for (const { kinesis } of JSON.parse(text).Records) {
          sum += JSON.parse(Buffer.from(kinesis.data, 'base64').toString('utf8')).cpu;
        }
        if (!(sum > 0)) throw new Error('nothing was decoded');
      },
    },
    {
      name: 'floor that also keeps key, position, time and value of each record, by key',
      run: () => {
        const byKey = new Map<string, unknown[]>();
        for (const { kinesis } of JSON.parse(text).Records as KinesisStreamRecord[]) {
          const { ts, cpu } = JSON.parse(Buffer.from(kinesis.data, 'base64').toString('utf8'));
          const { partitionKey, sequenceNumber, approximateArrivalTimestamp } = kinesis;
          const kept = byKey.get(partitionKey);
          const entry = { sequenceNumber, approximateArrivalTimestamp, ts, cpu };
          if (kept === undefined) byKey.set(partitionKey, [entry]);
          else kept.push(entry);
        }
        if (byKey.size !== series) throw new Error('series are missing');
      },
    },
    ...[SIMPLE, SKETCHES].map((aggregates) => ({
      name: `millrace stream-consumer, ${aggregates.join(' ')} + detector, whole protocol`,
      run: async () => {
        const response = await freshConsumer(aggregates)(JSON.parse(text), context);
        if (response.batchItemFailures.length > 0) throw new Error('the batch failed');
      },
    })),
    {
      name: 'Powertools batch, decode and zod safeParse in the record handler',
      run: async () => {
        const processor = new BatchProcessor(EventType.KinesisDataStreams);
        const response = await processPartialResponse(JSON.parse(text), validateRecord, processor, {
          throwOnFullBatchFailure: false,
        });
        if (response.batchItemFailures.length > 0) throw new Error('the batch failed');
      },
    },
    ...(records <= PARSER_RECORDS_MAX ? [powertoolsParser(text)] : []),
  ];
}

/** Consumer CPU per record as ratios within one run. */
export async function benchConsumer(rounds: number): Promise<void> {
  for (const [records, series] of [
    [1000, 200],
    [5000, 200],
    [5000, 20],
  ] as const) {
    for (const collection of ['forced', 'natural'] as const) {
      // The parser takes seconds a sample; one comparison with it is enough.
      const compared = variants(records, series).filter(
        ({ name }) => collection === 'forced' || name !== PARSER_NAME,
      );
      const title = `${records} records of ${series} series`;
      await compare(title, compared, { rounds, perRun: records, collection });
    }
  }
}

const LARGEST_BATCH_RECORDS = 10_000;

/**
 * The largest batch Lambda delivers: 10,000 records. Only payloads of some 60 bytes let that many
 * into 6 MB. CPU and memory of one invocation in a process that has seen some before.
 */
export async function benchLargestBatch(): Promise<void> {
  const text = JSON.stringify(smallEvent(LARGEST_BATCH_RECORDS));
  const before = process.memoryUsage().rss;
  let cpuMs = 0;
  for (let round = 0; round < 5; round++) {
    const start = process.cpuUsage();
    const response = await freshConsumer(SIMPLE)(JSON.parse(text), context);
    if (response.batchItemFailures.length > 0) throw new Error('the batch failed');
    const { user, system } = process.cpuUsage(start);
    cpuMs = (user + system) / 1000;
  }
  const grownMb = (process.memoryUsage().rss - before) / 1_048_576;
  const eventMb = text.length / 1_048_576;
  console.log(
    `\n${LARGEST_BATCH_RECORDS} records in one batch (${eventMb.toFixed(1)} MB): ` +
      `${cpuMs.toFixed(0)} ms of CPU, resident memory grew by ${grownMb.toFixed(0)} MB`,
  );
}
