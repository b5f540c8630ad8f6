import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import { createStreamConsumer } from '../../functions/stream-consumer/stream-consumer';
import { kinesisEvent } from './kinesis-event';

const DAY_MS = 24 * 3_600_000;

export interface CallCounts {
  readonly recordsPerSeries: number;
  readonly calls: number;
  readonly writeUnits: number;
  readonly readUnits: number;
}

/** DynamoDB calls and units of one batch whose series are all new: counted, not timed. */
export async function countCalls(series: number, records = 1000): Promise<CallCounts> {
  const table = (name: string) => createKeyValueStore({ map: createMemoryMap(), table: name });
  const state = createKeyValueStore({
    map: createMemoryMap(),
    table: 'state',
    indexes: { due: { partitionKey: 'dueBucket', sortKey: 'due' } },
  });
  const [results, control] = [table('results'), table('control')];
  const consumer = createStreamConsumer({
    pipeline: parsePipeline({
      version: 1,
      metrics: {
        'host.cpu': {
          series: ['host'],
          time: 'ts',
          value: 'cpu',
          window: { type: 'tumbling', size: '1m' },
          aggregates: ['count', 'mean', 'max'],
        },
      },
    }).pipeline,
    transforms: new Map(),
    state,
    results,
    control,
    quarantine: createObjectMemory(),
    log: { info() {}, warn() {}, error() {} },
    stateTtlMs: 7 * DAY_MS,
    retentionMs: DAY_MS,
  });
  const response = await consumer(kinesisEvent(records, series), {
    getRemainingTimeInMillis: () => 60_000,
  });
  if (response.batchItemFailures.length > 0) throw new Error('the batch failed');
  const meters = [state.meter, results.meter, control.meter];
  const sum = (of: (meter: (typeof meters)[number]) => number) =>
    meters.reduce((total, meter) => total + of(meter), 0);
  return {
    recordsPerSeries: records / series,
    calls: sum((meter) => Object.values(meter.calls).reduce((a, b) => a + b, 0)),
    writeUnits: sum((meter) => meter.writeUnits),
    readUnits: sum((meter) => meter.readUnits),
  };
}
