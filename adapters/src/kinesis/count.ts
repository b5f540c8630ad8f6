import type { Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import { type Decision, expand } from '@millrace/core/record/expand';
import { decodeKinesis, UserRecord } from './decode';

/**
 * Measurements in one stream record, counted at the source: the left side of the accounting. It runs
 * over the recording itself and shares nothing with what the handlers wrote. `note` sees each.
 */
export function countMeasurements(
  source: { readonly data: string; readonly partitionKey: string; readonly arrivalMs: number },
  pipeline: Pipeline,
  transforms: Transforms,
  note?: (decision: Decision, partitionKey: string) => void,
): number {
  const decoded = decodeKinesis(source.data, source.partitionKey);
  const users = decoded instanceof UserRecord ? [decoded] : decoded;
  let measurements = 0;
  for (const { tick, record, partitionKey } of users) {
    if (tick !== null) continue;
    if (record === null) measurements++;
    else {
      expand(record, pipeline, transforms, source.arrivalMs, (_, decision) => {
        measurements++;
        note?.(decision, partitionKey);
      });
    }
  }
  return measurements;
}
