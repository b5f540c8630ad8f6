/** A shard as a recording's header lists it. `hash` is the inclusive range of hash keys, decimal. */
export interface RecordedShard {
  readonly id: string;
  readonly parent: string | null;
  readonly adjacent: string | null;
  readonly hash: readonly [string, string] | null;
}

export interface RecordingHeader {
  /** Name of the recorded stream, if the recording says it. */
  readonly stream: string | null;
  /** null = to be taken from the records. */
  readonly shards: readonly RecordedShard[] | null;
  readonly origin: string | null;
  readonly licence: string | null;
}

/** One record of a stream, as it arrived. */
export interface RecordedRecord {
  readonly shard: string;
  /** Decimal digits. */
  readonly sequence: string;
  /** `UNKEYED`, the empty text, for one that had none. */
  readonly partitionKey: string;
  /** Epoch milliseconds. */
  readonly arrivalMs: number;
  readonly explicitHashKey?: string;
  /** Base64 as the event carries it: of the exact JSON text of `j`, or `d` as it is, even when broken. */
  readonly data: string;
}

/** What a recording turned out to be once all of it was read. */
export interface RecordingSummary {
  readonly header: RecordingHeader;
  /** Of the header, or of the records in order of appearance. */
  readonly shards: readonly RecordedShard[];
  readonly records: number;
  /** False when the trailer was missing or wrong and `partial` let it pass. */
  readonly complete: boolean;
}
