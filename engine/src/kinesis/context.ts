import type { SourceRuntime } from '../source/source';
import type { LoadedRecord } from '../stream/shard';
import type { EngineStream } from '../stream/stream';
import type { Batch } from './batch';
import type { StreamMappingSettings } from './settings';

/** Where a mapping of a Kinesis stream and one of a table stream differ. */
export interface StreamFlavour {
  /** How often an idle shard is polled. */
  readonly pollMs: number;
  /** Name of the batch in the record of an on-failure destination. */
  readonly batchInfo: 'KinesisBatchInfo' | 'DDBStreamBatchInfo';
  event(batch: Batch, streamArn: string, functionId: string): unknown;
  /** Whether the mapping's filters keep the record from the function; reading goes on behind it. */
  isFilteredOut?(record: LoadedRecord): boolean;
}

/** What the parts of one mapping share. */
export interface MappingContext {
  readonly settings: StreamMappingSettings;
  readonly flavour: StreamFlavour;
  readonly runtime: SourceRuntime;
  readonly stream: EngineStream;
  readonly streamArn: string;
  readonly functionId: string;
  readonly sourceId: string;
  /** Whether the starting position lies behind the record. */
  readonly isBeforeStart: (record: LoadedRecord) => boolean;
}
