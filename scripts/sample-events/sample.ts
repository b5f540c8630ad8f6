/** A record of a sample event, before it is encoded. */
export interface SampleRecord {
  readonly partitionKey: string;
  readonly arrivalMs: number;
  readonly payload: Payload;
  /** What the consumer makes of it; shown in the decoded twin. */
  readonly note?: string;
}

/** `aggregate`: several user records in one, as the Kinesis Producer Library packs them. */
export type Payload =
  | { readonly json: unknown }
  | { readonly text: string }
  | { readonly hex: string }
  | { readonly aggregate: readonly { readonly partitionKey: string; readonly json: unknown }[] };

export interface SampleCase {
  readonly name: string;
  /** One sentence: what the event shows. */
  readonly shows: string;
  readonly records: readonly SampleRecord[];
}

/** A file of the events folder. */
export interface SampleFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

export function jsonFile(path: string, value: unknown): SampleFile {
  return { path, text: `${JSON.stringify(value, null, 2)}\n` };
}
