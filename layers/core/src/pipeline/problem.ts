import { describe, oneLine } from './describe';

/** Where in the file a value stands: field names and list indexes, outermost first. */
export type At = readonly string[];

/** A pipeline file that cannot run. `problems` has every mistake, one line each. */
export class PipelineError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'PipelineError';
    this.problems = problems;
  }
}

/** Collects mistakes, so that a user sees all of them at once and not one per run. */
export class Problems {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  error(at: At, text: string): void {
    this.errors.push(this.#line(at, text));
  }

  warn(at: At, text: string): void {
    this.warnings.push(this.#line(at, text));
  }

  /** The usual mistake: `expected` is a noun phrase, `got` the value found (undefined = missing). */
  expected(at: At, expected: string, got: unknown): void {
    this.error(
      at,
      got === undefined
        ? `missing, expected ${expected}`
        : `expected ${expected}, got ${describe(got)}`,
    );
  }

  #line(at: At, text: string): string {
    const where = at.length === 0 ? '' : `${oneLine(at.join('.'))}: `;
    return `${this.#source}: ${where}${text}`;
  }
}
