import type { SourceRuntime } from '../source/source';
import type { LoadedRecord } from '../stream/shard';
import type { EngineStream } from '../stream/stream';
import type { KinesisSource } from './settings';

/** What the parts of one mapping share. */
export interface MappingContext {
  readonly settings: KinesisSource;
  readonly runtime: SourceRuntime;
  readonly stream: EngineStream;
  readonly streamArn: string;
  readonly functionId: string;
  readonly sourceId: string;
  /** Whether the starting position lies behind the record. */
  readonly isBeforeStart: (record: LoadedRecord) => boolean;
}
