/** A Kinesis event source mapping, as the template sets it. */
export interface KinesisSource extends StreamMappingSettings {
  readonly kind: 'kinesis';
  /** Logical id of the stream. */
  readonly stream: string;
}

/** What the mappings of Kinesis streams and of table streams have in common. */
export interface StreamMappingSettings {
  /** Name of the event within the function, or logical id of the mapping resource. */
  readonly logicalId: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly windowMs: number;
  readonly parallelizationFactor: number;
  readonly bisect: boolean;
  readonly reportBatchItemFailures: boolean;
  /** -1 = for ever. */
  readonly maxRetryAttempts: number;
  readonly maxRecordAgeMs: number | null;
  readonly startingPosition: StartingPosition;
  readonly destination: FailureDestination | null;
}

export type StartingPosition =
  | { readonly kind: 'TRIM_HORIZON' }
  | { readonly kind: 'LATEST' }
  | { readonly kind: 'AT_TIMESTAMP'; readonly atMs: number };

export interface FailureDestination {
  readonly kind: 's3' | 'sqs' | 'sns' | 'kafka';
  readonly arn: string;
}
