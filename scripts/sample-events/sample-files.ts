import { KINESIS_CASES } from './kinesis-cases';
import { kinesisFiles } from './kinesis-event';
import { ROW_CASES, rowFiles } from './row-cases';
import type { SampleFile } from './sample';
import { scheduleFiles } from './schedule-cases';
import { TABLE_STREAM_CASES, tableStreamFiles } from './table-stream-cases';

/** Every generated file of events/; recordings are history and not among them. */
export function sampleFiles(): readonly SampleFile[] {
  return [
    ...KINESIS_CASES.flatMap(kinesisFiles),
    ...scheduleFiles(),
    ...TABLE_STREAM_CASES.flatMap(tableStreamFiles),
    ...ROW_CASES.flatMap(rowFiles),
  ];
}
