import type { EventSource } from '../source/event-source';

/** A SAM application as far as the engine runs it: names, keys and event sources, all resolved. */
export interface Application {
  readonly functions: Map<string, FunctionDefinition>;
  readonly tables: Map<string, TableDefinition>;
  readonly streams: Map<string, StreamDefinition>;
  readonly buckets: Map<string, BucketDefinition>;
  readonly queues: Map<string, QueueDefinition>;
  /** Every parameter of the template with its default or the value given. */
  readonly parameters: Record<string, string>;
  readonly conditions: Record<string, boolean>;
  /** Event sources that this engine does not run. Never left out in silence. */
  readonly unsupported: UnsupportedSource[];
}

export interface FunctionDefinition {
  readonly logicalId: string;
  /** Folder of the code as the template names it; null when the code is inline or an object. */
  readonly codeUri: string | null;
  readonly handler: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly reservedConcurrency: number | null;
  readonly environment: Record<string, string>;
  readonly sources: EventSource[];
}

export interface TableDefinition {
  readonly logicalId: string;
  readonly partitionKey: string;
  readonly sortKey: string | null;
  readonly indexes: Record<string, KeyNames>;
}

export interface KeyNames {
  readonly partitionKey: string;
  readonly sortKey: string | null;
}

export interface StreamDefinition {
  readonly logicalId: string;
  readonly arn: string;
  /** 4 for an on-demand stream, as AWS starts it. */
  readonly shardCount: number;
}

export interface BucketDefinition {
  readonly logicalId: string;
  readonly arn: string;
}

export interface QueueDefinition {
  readonly logicalId: string;
  readonly arn: string;
}

export interface UnsupportedSource {
  /** Of the function, or of the resource that would call one. */
  readonly logicalId: string;
  /** Name of the event within the function. */
  readonly event: string | null;
  readonly type: string;
  readonly reason: string;
}
