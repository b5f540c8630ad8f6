import { printable } from '../text/printable';
import { describe } from './describe';

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

/** Numbers that a double cannot hold as they stand in the file, by `placeKey`: they arrive as infinite. */
export type WrittenNumbers = ReadonlyMap<string, string>;

export function placeKey(at: At): string {
  return JSON.stringify(at);
}

/** Collects mistakes, so that a user sees all of them at once and not one per run. */
export class Problems {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];
  readonly #source: string;
  readonly #written: WrittenNumbers;

  constructor(source: string, written: WrittenNumbers = new Map()) {
    this.#source = source;
    this.#written = written;
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
        : `expected ${expected}, got ${this.#written.get(placeKey(at)) ?? describe(got)}`,
    );
  }

  #line(at: At, text: string): string {
    const where = at.length === 0 ? '' : `${printable(at.join('.'))}: `;
    return `${this.#source}: ${where}${text}`;
  }
}
