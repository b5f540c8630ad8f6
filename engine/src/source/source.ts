import type { EngineTableStream } from '../dynamodb/table-stream';
import type { FunctionHost } from '../invoke/function-host';
import type { FailureDestination } from '../kinesis/settings';
import type { EngineEvent, EngineStats } from '../observe';
import type { Quiet } from '../schedule/quiet';
import type { Scheduler } from '../scheduler';
import type { EngineStream } from '../stream/stream';
import type { Properties } from '../template/properties';
import type { EventSource } from './event-source';

/** What a source needs of the engine to run. */
export interface SourceRuntime {
  readonly host: FunctionHost;
  readonly scheduler: Scheduler;
  readonly stats: EngineStats;
  readonly emit: (event: EngineEvent) => void;
  readonly streams: Readonly<Record<string, EngineStream>>;
  readonly tables: Readonly<Record<string, EngineTableStream>>;
  readonly onFailure: (record: FailureRecord) => void | Promise<void>;
  /** Of the function; undefined = nothing is known of it. */
  readonly quiet: Quiet | undefined;
}

/** A source that was started. */
export interface RunningSource {
  readonly functionId: string;
  readonly sourceId: string;
  start(): void;
  stop(): void;
  /** Whether everything it had to deliver, and will have, is processed. */
  readonly idle: boolean;
}

/** Records a mapping gave up, as the on-failure destination gets them. */
export interface FailureRecord {
  readonly functionId: string;
  readonly sourceId: string;
  readonly destination: FailureDestination | null;
  /** S3 only: where Lambda puts the object. */
  readonly key: string | null;
  /** The JSON document; for S3 it holds the whole event as the string `payload`. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** A source that is understood but cannot be run here; it is reported, and the rest goes on. */
export interface Unsupported {
  readonly kind: 'unsupported';
  readonly reason: string;
}

/** Everything the engine knows of one kind of event source. */
export interface SourceKind<S extends EventSource> {
  /** Values of `Events.*.Type` of a serverless function. */
  readonly eventTypes: readonly string[];
  /** Service in the ARN that an AWS::Lambda::EventSourceMapping of this kind reads. */
  readonly mappingService: string | null;
  /** @throws TemplateError for a property that AWS would refuse, or that would silently do nothing */
  read(logicalId: string, type: string, properties: Properties): S | Unsupported;
  create(source: S, runtime: SourceRuntime): RunningSource;
}
