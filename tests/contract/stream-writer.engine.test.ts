import { createScheduler } from '@millrace/engine/scheduler';
import { createStream } from '@millrace/engine/stream/stream';
import { describeStreamWriter } from './stream-writer.suite';

const HALF = 2n ** 127n;

describeStreamWriter(
  'local engine',
  async () => {
    const scheduler = createScheduler({ seed: 1, startMs: 0 });
    const half = (id: string, from: bigint, to: bigint) => ({
      id,
      parent: null,
      adjacent: null,
      hash: [String(from), String(to)] as [string, string],
    });
    const shards = [half('low', 0n, HALF - 1n), half('high', HALF, HALF * 2n - 1n)];
    const stream = createStream({ name: 's', scheduler, shards });
    return {
      writer: stream.writer,
      read: async () =>
        stream.shards.flatMap((shard) =>
          Array.from({ length: shard.end }, (_, position) => {
            const { partitionKey, data } = shard.read(position)!;
            return { partitionKey, data: new Uint8Array(Buffer.from(data, 'base64')) };
          }),
        ),
    };
  },
  // Only functions put into it, under keys that came out of a stream.
  { checksEntries: false },
);
