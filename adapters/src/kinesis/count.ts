import type { Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import { type Decision, expand, newOutputBudget, type Visit } from '@millrace/core/record/expand';
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
  const budget = newOutputBudget();
  let measurements = 0;
  for (const { tick, record, partitionKey } of users) {
    if (tick !== null) continue;
    if (record === null) measurements++;
    else {
      const count: Visit = (_, decision) => {
        measurements++;
        note?.(decision, partitionKey);
      };
      expand(record, pipeline, transforms, source.arrivalMs, count, 0, budget);
    }
  }
  return measurements;
}
