import type { Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import { type Decision, expand, newOutputBudget, type Visit } from '@millrace/core/record/expand';
import { expandWithin, type RecordTime } from '@millrace/core/record/expand-within';
import { decodeKinesis, UserRecord } from './decode';

export interface CountedRecord {
  readonly data: string;
  readonly partitionKey: string;
  readonly arrivalMs: number;
}

/** Sees each decision about a stream record; `partitionKey` is the user record's own. */
export type Note = (decision: Decision, partitionKey: string, arrivalMs: number) => void;

/**
 * Measurements in one stream record, counted at the source: the left side of the accounting. It runs
 * over the recording itself and shares nothing with what the handlers wrote.
 *
 * @param time what the transforms of the record may take; absent = they are trusted
 */
export function countMeasurements(
  source: CountedRecord,
  pipeline: Pipeline,
  transforms: Transforms,
  note?: Note,
  time: RecordTime | null = null,
): number {
  const { arrivalMs } = source;
  const decoded = decodeKinesis(source.data, source.partitionKey);
  const users = decoded instanceof UserRecord ? [decoded] : decoded;
  const budget = newOutputBudget();
  time?.begin();
  let measurements = 0;
  for (const { tick, record, partitionKey } of users) {
    if (tick !== null) continue;
    if (record === null) {
      measurements++;
      continue;
    }
    const count: Visit = (_, decision) => {
      measurements++;
      note?.(decision, partitionKey, arrivalMs);
    };
    if (time === null) expand(record, pipeline, transforms, arrivalMs, count, 0, budget);
    else expandWithin(time, record, pipeline, transforms, arrivalMs, count, 0, budget);
  }
  return measurements;
}
