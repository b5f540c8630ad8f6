import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { defineMetric } from '@millrace/core/fold/definition';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import type { JsonRecord, Transforms } from '@millrace/core/pipeline/pipeline';
import { type GroupedBatch, groupBatch } from '../../../../functions/stream-consumer/group-batch';
import { kinesisEvent } from '../../../../scripts/bench/kinesis-event';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const { pipeline } = parsePipeline({
  version: 1,
  transform: 'watch',
  metrics: {
    'host.cpu': {
      series: ['host'],
      time: 'ts',
      value: 'cpu',
      window: { type: 'tumbling', size: '1m' },
      aggregates: ['mean'],
    },
  },
});

/** A transform sees each parsed record, which nothing else gives out. */
function groupWatched(decoded: WeakRef<JsonRecord>[]): GroupedBatch {
  const watch = (record: JsonRecord) => {
    decoded.push(new WeakRef(record));
    return record;
  };
  const transforms: Transforms = new Map([['watch', watch]]);
  return groupBatch(kinesisEvent(50, 5).Records, {
    pipeline,
    transforms,
    definitions: new Map(pipeline.metrics.map((metric) => [metric, defineMetric(metric, 1e9)])),
    metricsByName: new Map(),
    refuse: null,
    stateTtlMs: 1e9,
  });
}

test('a grouped batch holds the bytes of its records, and nothing that was parsed', async () => {
  // Prepare
  const decoded: WeakRef<JsonRecord>[] = [];

  // Act
  const batch = groupWatched(decoded);
  await setImmediate();
  collectGarbage();

  // Assess: when the collector takes one it might keep is its own business; a batch that held them would hold all.
  const alive = decoded.filter((record) => record.deref() !== undefined);
  expect(decoded).toHaveLength(50);
  expect(alive.length).toBeLessThan(25);
  const bytes = batch.groups.flatMap(({ entries, sources }) =>
    entries.map(({ recordIndex }) => sources.of(recordIndex).bytes()),
  );
  expect(bytes.map((each) => JSON.parse(Buffer.from(each).toString()).type)).toEqual(
    Array(50).fill('host'),
  );
});
