import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import type { Item } from '@millrace/core/port';
import { scanAll } from '@millrace/core/results/pages';
import { readAccounting } from '@millrace/core/results/read';
import { createStreamConsumer } from '../../../../functions/stream-consumer/stream-consumer';
import { kinesisEvent } from '../../../helper/event-source';
import { onePipeline } from '../../../helper/metric';

const START_MS = Date.UTC(2026, 0, 5);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };

/** A consumer of records of type `wanted`, on a stream that keeps records for so long. */
function consume(retentionMs: number, quarantineRetentionMs?: number) {
  const table = (name: string) => createKeyValueStore({ map: createMemoryMap(), table: name });
  const indexes = { due: { partitionKey: 'dueBucket', sortKey: 'due' } };
  const state = createKeyValueStore({ map: createMemoryMap(), table: 'state', indexes });
  const stores = { state, results: table('results'), control: table('control') };
  const consumer = createStreamConsumer({
    ...stores,
    pipeline: onePipeline({ match: { type: 'wanted' } }),
    ...{ quarantine: createObjectMemory(), transforms: new Map() },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    ...{ stateTtlMs: 7 * DAY_MS, retentionMs },
    ...(quarantineRetentionMs !== undefined && { quarantineRetentionMs }),
  });
  const deliver = (texts: readonly string[]) =>
    consumer(
      kinesisEvent(
        texts.map((text, at) => ({
          ...{ shard: 'shard-0', sequence: String(101 + at), partitionKey: 'a' },
          ...{ arrivalMs: START_MS + at, bytes: Buffer.from(text) },
        })),
      ),
      CONTEXT,
    );
  return { ...stores, deliver };
}

async function indexItems(control: Parameters<typeof scanAll>[0]): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of scanAll(control)) if (item.pk.startsWith('Q#')) items.push(item);
  return items;
}

const OTHER = '{"type":"other"}';
const LATE = [
  `{"type":"wanted","s":"a","t":${START_MS - HOUR_MS},"v":1}`,
  `{"type":"wanted","s":"a","t":${START_MS},"v":1}`,
  `{"type":"wanted","s":"a","t":${START_MS - HOUR_MS},"v":1}`,
];

test.each([
  ['a day', DAY_MS],
  ['a year', 365 * DAY_MS],
])(
  'an unmatched record is remembered for longer than a stream of %s keeps it',
  async (_name, retentionMs) => {
    const { control, deliver } = consume(retentionMs);

    await deliver([OTHER]);

    const [item] = await indexItems(control);
    const ttlMs = Number(item?.ttl) * 1000;
    // A week in which it might come again, and one in which it can be counted in the tally.
    expect(ttlMs).toBe(START_MS + retentionMs + 14 * DAY_MS);
  },
);

test('it is counted once, however often it comes while it is remembered', async () => {
  const { state, control, deliver } = consume(DAY_MS);

  await deliver([OTHER]);
  await deliver([OTHER]);

  expect(await readAccounting(state, control)).toMatchObject({ unmatched: 1, invalid: 0 });
});

test.each([
  ['refused before it has a series', ['{'], 'record'],
  ['refused by its metric', ['{"type":"wanted","s":"a","t":"when","v":1}'], 'record'],
  ['late', LATE, 'late'],
])(
  'a record that is %s is remembered as long as its bytes are kept',
  async (_name, texts, kind) => {
    const { control, deliver } = consume(DAY_MS, 90 * DAY_MS);

    await deliver(texts);

    const items = await indexItems(control);
    expect(items.map((item) => item.kind)).toEqual([kind]);
    const arrivalMs = START_MS + texts.length - 1;
    expect(items[0]?.ttl).toBe(Math.ceil((arrivalMs + 97 * DAY_MS) / 1000));
  },
);
