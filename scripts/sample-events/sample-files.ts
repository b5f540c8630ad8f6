import { KINESIS_CASES } from './kinesis-cases';
import { kinesisFiles } from './kinesis-event';
import type { SampleFile } from './sample';
import { scheduleFiles } from './schedule-cases';

/** Every generated file of events/; recordings are history and not among them. */
export function sampleFiles(): readonly SampleFile[] {
  return [...KINESIS_CASES.flatMap(kinesisFiles), ...scheduleFiles()];
}
