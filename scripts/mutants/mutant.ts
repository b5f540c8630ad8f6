/** One protection removed: `find` must stand exactly once in `file`. */
export interface Mutant {
  readonly name: string;
  /** Where the rule is written down: section of docs/guarantees.md. */
  readonly rule: string;
  readonly patches: readonly {
    readonly file: string;
    readonly find: string;
    readonly put: string;
  }[];
  /** Seeds that take its measure, where those of all mutants are too few. */
  readonly seeds?: { readonly plan: string; readonly count: number };
  /** The property test that takes its measure, where no stream of the fault seeds comes that far. */
  readonly test?: string;
  /** Why nothing but lost money shows when it is gone; such a mutant may live. */
  readonly survives?: string;
}
