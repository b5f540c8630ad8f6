import { BugError } from '@millrace/core/error';
import type { StreamEntry, StreamWriter } from '@millrace/core/port';

export interface WriterUnderTest {
  readonly writer: StreamWriter;
  /** Everything in the stream: the records of each shard in their order, shard after shard. */
  read(): Promise<readonly StreamEntry[]>;
  close?(): Promise<void>;
}

/**
 * What every stream writer must do. `makeWriter` answers that of an empty stream of two shards.
 * `checksEntries`: it refuses what Kinesis would.
 */
export function describeStreamWriter(
  name: string,
  makeWriter: () => Promise<WriterUnderTest>,
  { checksEntries = true }: { readonly checksEntries?: boolean } = {},
): void {
  describe(`stream writer: ${name}`, () => {
    let subject: WriterUnderTest;

    beforeEach(async () => {
      subject = await makeWriter();
    });

    afterEach(async () => {
      await subject.close?.();
    });

    test('nothing to put is nothing put', async () => {
      await subject.writer.put([]);
      expect(await subject.read()).toEqual([]);
    });

    test('bytes and partition keys arrive as they were', async () => {
      const data = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const wide = { partitionKey: 'é 😀 #|', data: new Uint8Array([1]) };
      await subject.writer.put([{ partitionKey: 'p', data }, wide]);
      const read = await subject.read();
      expect(byKey(read, 'p')).toEqual([Buffer.from(data).toString('base64')]);
      expect(byKey(read, wide.partitionKey)).toEqual(['AQ==']);
    });

    test('more than one request of entries all arrive, in the order of each key', async () => {
      const entries = Array.from({ length: 1203 }, (_, n) => entry(`key-${n % 401}`, n));
      await subject.writer.put(entries);
      const read = await subject.read();
      expect(read).toHaveLength(1203);
      for (const key of new Set(entries.map(({ partitionKey }) => partitionKey))) {
        expect(byKey(read, key)).toEqual(byKey(entries, key));
      }
    });

    test('two calls one after the other keep the order', async () => {
      await subject.writer.put([entry('p', 1), entry('p', 2)]);
      await subject.writer.put([entry('p', 3)]);
      const expected = [entry('p', 1), entry('p', 2), entry('p', 3)];
      expect(byKey(await subject.read(), 'p')).toEqual(byKey(expected, 'p'));
    });

    test('an explicit hash key chooses the shard', async () => {
      const lowest = { ...entry('low', 1), explicitHashKey: '0' };
      const highest = { ...entry('high', 2), explicitHashKey: (2n ** 128n - 1n).toString() };
      await subject.writer.put([highest, lowest]);
      // Shard after shard: the order of one shard would have kept the highest first.
      const read = await subject.read();
      expect(read.map(({ partitionKey }) => partitionKey)).toEqual(['low', 'high']);
    });

    if (!checksEntries) return;

    test.each<[string, StreamEntry]>([
      ['an empty partition key', entry('', 1)],
      ['a partition key of 257 characters', entry('x'.repeat(257), 1)],
      ['more than 1 MiB', { partitionKey: 'p', data: new Uint8Array(1_048_577) }],
    ])('%s is a bug of the caller and writes nothing', async (_, bad) => {
      await expect(subject.writer.put([entry('p', 1), bad])).rejects.toThrow(BugError);
      expect(await subject.read()).toEqual([]);
    });
  });
}

function entry(partitionKey: string, n: number): StreamEntry {
  return { partitionKey, data: new TextEncoder().encode(JSON.stringify({ n })) };
}

function byKey(entries: readonly StreamEntry[], key: string): string[] {
  return entries
    .filter(({ partitionKey }) => partitionKey === key)
    .map(({ data }) => Buffer.from(data).toString('base64'));
}
