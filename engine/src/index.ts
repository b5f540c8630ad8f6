/** The local engine's public door. */
export type { TableChange } from './dynamodb/change';
export type { TableStreamSource } from './dynamodb/settings';
export {
  createTableStream,
  type EngineTableStream,
  type StreamView,
  type TableStreamOptions,
} from './dynamodb/table-stream';
export {
  type EffectCall,
  type EffectOptions,
  type Fault,
  scheduleEffects,
} from './effect';
export { createEngine, type Engine, type EngineOptions } from './engine';
export { EngineError } from './error';
export type { Handler, LambdaContext } from './invoke/context';
export type { KinesisMapping } from './kinesis/mapping';
export type { FailureDestination, KinesisSource, StartingPosition } from './kinesis/settings';
export type { BatchOrigin, EngineEvent, EngineStats } from './observe';
export { createRandom, type Random } from './random';
export type { Quiet } from './schedule/quiet';
export type { ScheduleSource } from './schedule/settings';
export {
  createScheduler,
  type RunOptions,
  type ScheduledTask,
  type Scheduler,
  type SchedulerOptions,
} from './scheduler';
export type { EventSource } from './source/event-source';
export type { FailureRecord } from './source/source';
export type { RecordSource } from './stream/feed';
export { evenHashRanges, HASH_KEY_MAX, hashKeyOf } from './stream/hash-key';
export type { LoadedRecord, ShardDefinition } from './stream/shard';
export { createStream, type EngineStream, type StreamOptions } from './stream/stream';
export type {
  Application,
  BucketDefinition,
  FunctionDefinition,
  KeyNames,
  QueueDefinition,
  StreamDefinition,
  TableDefinition,
  UnsupportedSource,
} from './template/application';
export { TemplateError } from './template/error';
export { type ReadOptions, readTemplate } from './template/read';
