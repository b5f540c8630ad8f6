import type { TableStreamSource } from '../dynamodb/settings';
import type { KinesisSource } from '../kinesis/settings';
import type { ScheduleSource } from '../schedule/settings';

/** An event source of a function, as plain data. */
export type EventSource = KinesisSource | ScheduleSource | TableStreamSource;
