import { MeasurementCounter } from '@millrace/adapters/kinesis/counter';
import { createTimeLimit } from '@millrace/adapters/time-limit';
import type { Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import { HeldBytes } from '../recording/held-bytes';
import { readRecording } from '../recording/read';
import type { RecordedRecord, RecordedShard } from '../recording/record';
import { Survey } from '../survey/survey';
import { equalShards } from './hash-range';
import { completeRanges } from './shards/complete-ranges';
import { reshard } from './shards/reshard';

/** A recording in memory, as the engine's stream will hold it. */
export interface Source {
  /** Name of the recorded stream; absent when the recording says none, or none that a stream can have. */
  readonly stream?: string;
  readonly shards: readonly RecordedShard[];
  readonly records: readonly RecordedRecord[];
  /** Measurements in the recording: the left side of the accounting. */
  readonly in: number;
  /** Epoch milliseconds of the earliest and the latest arrival; null without records. */
  readonly arrivals: { readonly firstMs: number; readonly lastMs: number } | null;
}

export interface SourceOptions {
  readonly partial: boolean;
  /** null = as recorded. */
  readonly shards: number | null;
  readonly pipeline: Pipeline;
  readonly transforms: Transforms;
  readonly warn: (message: string) => void;
}

const STREAM_NAME = /^[a-zA-Z0-9_.-]{1,128}$/;

/**
 * Reads and checks all of a recording, and counts its measurements from its own bytes.
 * @throws RecordingError
 */
export async function readSource(path: string, options: SourceOptions): Promise<Source> {
  const { partial, warn, pipeline, transforms } = options;
  const records: RecordedRecord[] = [];
  const survey = new Survey();
  const counter = new MeasurementCounter({
    ...{ pipeline, transforms, timeLimit: createTimeLimit() },
    note: (decision, partitionKey, arrivalMs) => survey.note(decision, partitionKey, arrivalMs),
  });
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  const held = new HeldBytes(path);
  const summary = await readRecording(path, { partial, warn }, (record) => {
    held.add(record);
    records.push(record);
    counter.add(record);
    firstMs = Math.min(firstMs, record.arrivalMs);
    lastMs = Math.max(lastMs, record.arrivalMs);
  });
  const measurements = counter.total();
  for (const warning of survey.warnings()) warn(warning);
  const { stream } = summary.header;
  return {
    ...(stream !== null && STREAM_NAME.test(stream) && { stream }),
    shards: streamShards(options.shards, summary.shards),
    records: options.shards === null ? records : reshard(records, options.shards),
    in: measurements,
    arrivals: records.length === 0 ? null : { firstMs, lastMs },
  };
}

/** A stream has at least one shard, also when neither the header nor a record names any. */
function streamShards(
  count: number | null,
  recorded: readonly RecordedShard[],
): readonly RecordedShard[] {
  if (count !== null || recorded.length === 0) return equalShards(count ?? 1);
  return completeRanges(recorded);
}
