import { randomUUID } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import type { Clock, StreamWriter } from '@millrace/core/port';
import type { Command } from 'commander';
import { complaint } from '../command';
import { UsageError } from '../exit';
import { createRecordingWriter } from '../recording/write';

/**
 * A stream for a local store, where nothing reads one: a recording to be replayed.
 * Its shard is new: its records are not those of the stream they came from.
 */
export async function openRecording(command: Command, path: string, clock: Clock) {
  if (await exists(path)) {
    throw new UsageError(complaint(command, `--out: expected a new file, got ${path}`));
  }
  const shard = `redriven-${randomUUID()}`;
  const recording = await createRecordingWriter(path, {
    stream: 'redriven',
    shards: [{ id: shard, parent: null, adjacent: null, hash: null }],
    origin: 'millrace redrive',
  });
  let sequence = 0;
  const writer: StreamWriter = {
    async put(entries) {
      for (const { partitionKey, data } of entries) {
        const place = { shard, sequence: String(++sequence), arrivalMs: clock.nowMs() };
        await recording.write({ ...place, partitionKey, bytes: data });
      }
    },
  };
  return { writer, finish: () => recording.close() };
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
