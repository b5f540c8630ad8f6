/** What happened, in order. The same seed gives the same log, byte for byte. */
export type EngineEvent = { readonly atMs: number } & (
  | InvokeStart
  | InvokeEnd
  | Throttle
  | PartialFailure
  | Bisect
  | Discard
  | ScheduleFired
  | Restart
);

/** The lane a batch came from; AWS does not tell the function. */
export interface BatchOrigin {
  readonly source: string;
  readonly shard: string;
  readonly lane: number;
  readonly batchSize: number;
  readonly first: string;
  readonly last: string;
}

export interface InvokeStart {
  readonly kind: 'invoke-start';
  readonly function: string;
  readonly requestId: string;
  /** Logical id of the event source. */
  readonly source: string;
  readonly batch: BatchOrigin | null;
}

export interface InvokeEnd {
  readonly kind: 'invoke-end';
  readonly function: string;
  readonly requestId: string;
  readonly source: string;
  readonly startMs: number;
  readonly batchSize: number;
  /** A partial response is a success here and a `partial-failure` beside it. */
  readonly outcome: 'success' | 'error' | 'timeout';
  readonly error: string | null;
}

/** Refused before it started: the function was at its reserved concurrency. */
export interface Throttle {
  readonly kind: 'throttle';
  readonly function: string;
  readonly source: string;
}

export interface PartialFailure {
  readonly kind: 'partial-failure';
  readonly function: string;
  readonly batch: BatchOrigin;
  /** Lowest sequence number returned: everything from it on comes again. */
  readonly sequence: string;
  readonly acknowledged: number;
}

export interface Bisect {
  readonly kind: 'bisect';
  readonly function: string;
  readonly batch: BatchOrigin;
  readonly sizes: readonly number[];
}

export interface Discard {
  readonly kind: 'discard';
  readonly function: string;
  readonly batch: BatchOrigin;
  /** AWS does not document the word for a record that is too large; this one is ours. */
  readonly condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded' | 'RecordTooLarge';
}

export interface ScheduleFired {
  readonly kind: 'schedule';
  readonly function: string;
  readonly source: string;
}

export interface Restart {
  readonly kind: 'restart';
  readonly function: string;
  readonly source: string;
}

export interface EngineStats {
  /** Distinct records delivered, counted for each mapping. */
  records: number;
  /** Records in all invocations together. */
  deliveries: number;
  /** Deliveries of a record that the mapping had delivered before. */
  redelivered: number;
  readonly invocations: Record<string, number>;
  /** Invocations that threw or timed out. */
  readonly failures: Record<string, number>;
  readonly throttles: Record<string, number>;
  partialFailures: number;
  bisects: number;
  /** Records given up: sent to the on-failure destination, if there is one. */
  discarded: number;
}

export function emptyStats(): EngineStats {
  return {
    records: 0,
    deliveries: 0,
    redelivered: 0,
    invocations: {},
    failures: {},
    throttles: {},
    partialFailures: 0,
    bisects: 0,
    discarded: 0,
  };
}
