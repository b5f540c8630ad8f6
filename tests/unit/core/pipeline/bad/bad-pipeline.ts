export interface BadPipeline {
  readonly name: string;
  readonly json: unknown;
  /** Every line, without `pipeline.json: `. */
  readonly problems: readonly string[];
  /** A JSON Schema cannot say it (relations between values, bytes of UTF-8). */
  readonly beyondSchema?: true;
}
