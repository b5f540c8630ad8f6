/** A Kinesis event source mapping, as the template sets it. */
export interface KinesisSource {
  readonly kind: 'kinesis';
  /** Name of the event within the function, or logical id of the mapping resource. */
  readonly logicalId: string;
  /** Logical id of the stream. */
  readonly stream: string;
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
