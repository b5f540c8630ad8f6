import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import type { KeyValueStore, Log } from '@millrace/core/port';
import { readAccounting } from '@millrace/core/results/read';
import { createStreamConsumer } from '../../../../functions/stream-consumer/stream-consumer';
import { kinesisEvent } from '../../../helper/event-source';
import { onePipeline } from '../../../helper/metric';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** All windows are open when the silence ends, and all are held for late records afterwards. */
test.each([1, 50, 1_000])(
  'a silence that closes as many windows as an item holds, batches of %i',
  async (size) => {
    const indexes = { due: { partitionKey: 'dueBucket', sortKey: 'due' } };
    const table = (name: string, options = {}): KeyValueStore =>
      createKeyValueStore({ map: createMemoryMap(), table: name, ...options });
    const stores = {
      state: table('state', { indexes }),
      results: table('results'),
      control: table('control'),
      quarantine: createObjectMemory(),
    };
    const largest: number[] = [0];
    const note = (_text: string, fields?: Record<string, unknown>) => {
      largest.push(Number(fields?.bytes ?? 0));
      if (fields?.reason) console.log(fields);
    };
    const log = { info: () => {}, warn: note, error: note } as Log;
    const aggregates = [
      'count',
      { op: 'last', path: 'text', as: 'text' },
      { op: 'first', path: 'text', as: 'text2' },
    ];
    const windows = { outOfOrderness: '240m', allowedLateness: '240m', idleClose: '10m' };
    const pipeline = onePipeline({ ...windows, aggregates });
    const consumer = createStreamConsumer({
      ...{ ...stores, pipeline, transforms: new Map(), log },
      ...{ parallelization: 1, stateTtlMs: 7 * DAY_MS, retentionMs: DAY_MS },
    });
    const text = 'x'.repeat(370);
    const records = Array.from({ length: 480 }, (_, at) => {
      const minute = at < 300 ? at : at + 60;
      return {
        shard: 'shard-0',
        sequence: String(1_000 + at),
        partitionKey: 'a',
        arrivalMs: START_MS + minute * MINUTE_MS,
        bytes: Buffer.from(
          JSON.stringify({ s: 'a', t: START_MS + minute * MINUTE_MS, v: 1, text }),
        ),
      };
    });
    for (let from = 0; from < records.length; from += size) {
      const batch = kinesisEvent(records.slice(from, from + size));
      const answer = await consumer(batch, { getRemainingTimeInMillis: () => 60_000 });
      expect(answer).toEqual({ batchItemFailures: [] });
    }
    expect(await readAccounting(stores.state, stores.control)).toMatchObject({ applied: 480 });
    console.log(Math.max(...largest));
  },
  60_000,
);
