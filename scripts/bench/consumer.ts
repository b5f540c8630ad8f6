import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { parser } from '@aws-lambda-powertools/batch/parser';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import { z } from 'zod';
import { createStreamConsumer } from '../../functions/stream-consumer/stream-consumer';
import { kinesisEvent } from './kinesis-event';
import { compare, type Variant } from './measure';

const DAY_MS = 24 * 3_600_000;

const PIPELINE = {
  version: 1,
  metrics: {
    'host.cpu': {
      match: { type: 'host' },
      series: ['host'],
      time: 'ts',
      value: 'cpu',
      window: { type: 'tumbling', size: '10s' },
      aggregates: ['count', 'sum', 'min', 'max', 'variance', 'p50', 'p99'],
      detect: { detector: 'default', on: 'max' },
    },
  },
};

const Payload = z.object({
  type: z.string(),
  id: z.string(),
  host: z.string(),
  ts: z.number(),
  cpu: z.number(),
});

/** A consumer with empty tables every time: what is measured is the batch, not the store's growth. */
function freshConsumer() {
  const log = { info() {}, warn() {}, error() {} };
  const table = (name: string) => createKeyValueStore({ map: createMemoryMap(), table: name });
  return createStreamConsumer({
    pipeline: parsePipeline(PIPELINE).pipeline,
    transforms: new Map(),
    state: createKeyValueStore({
      map: createMemoryMap(),
      table: 'state',
      indexes: { due: { partitionKey: 'dueBucket', sortKey: 'due' } },
    }),
    results: table('results'),
    control: table('control'),
    quarantine: createObjectMemory(),
    log,
    parallelization: 1,
    stateTtlMs: 7 * DAY_MS,
    retentionMs: DAY_MS,
  });
}

const context = { getRemainingTimeInMillis: () => 60_000 };

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
      name: 'millrace stream-consumer, whole protocol on in-memory tables',
      run: async () => {
        const response = await freshConsumer()(JSON.parse(text), context);
        if (response.batchItemFailures.length > 0) throw new Error('the batch failed');
      },
    },
    {
      name: 'Powertools batch + parser with zod, empty record handler',
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
    },
  ];
}

/** Consumer CPU per record as ratios within one run. */
export async function benchConsumer(rounds: number): Promise<void> {
  for (const [records, series] of [
    [1000, 200],
    [5000, 200],
    [5000, 20],
  ] as const) {
    await compare(`${records} records of ${series} series`, variants(records, series), {
      rounds,
      perRun: records,
    });
  }
}
