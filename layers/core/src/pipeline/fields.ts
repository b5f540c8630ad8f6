import { parsePath } from '../record/path';
import { describe } from './describe';
import { DURATION_MS_MAX, formatDuration, parseDuration } from './duration';
import { hint } from './nearest';
import type { Path } from './pipeline';
import type { At, Problems } from './problem';

/**
 * One JSON object of the file and what is wrong with its fields. Every reader answers `undefined`
 * after it has noted a mistake, or when an optional field is absent.
 */
export class Fields {
  readonly #json: { readonly [field: string]: unknown };
  readonly #at: At;
  readonly #problems: Problems;

  constructor(json: { readonly [field: string]: unknown }, at: At, problems: Problems) {
    this.#json = json;
    this.#at = at;
    this.#problems = problems;
  }

  at(name: string): At {
    return [...this.#at, name];
  }

  /** The raw value of an own field. */
  get(name: string): unknown {
    return Object.hasOwn(this.#json, name) ? this.#json[name] : undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  error(name: string, text: string): void {
    this.#problems.error(this.at(name), text);
  }

  expected(name: string, expected: string): undefined {
    this.#problems.expected(this.at(name), expected, this.get(name));
    return undefined;
  }

  refuseUnknown(known: readonly string[]): void {
    for (const name of Object.keys(this.#json)) {
      if (!known.includes(name)) this.error(name, `unknown field${hint(name, known)}`);
    }
  }

  boolean(name: string): boolean | undefined {
    const value = this.get(name);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.expected(name, 'true or false');
  }

  /** An optional word out of a list. */
  word<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const word = words.find((candidate) => candidate === value);
    return word ?? this.expected(name, oneOf(words));
  }

  path(name: string): Path | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : readPath(value, this.at(name), this.#problems);
  }

  /** Milliseconds of a duration of at least `leastMs` (1 refuses zero). */
  duration(name: string, leastMs: 0 | 1): number | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    const durationMs = typeof value === 'string' ? parseDuration(value) : null;
    if (durationMs === null) return this.expected(name, 'a duration like "1m"');
    if (durationMs < leastMs) return this.expected(name, 'a duration longer than zero');
    if (durationMs > DURATION_MS_MAX) {
      return this.expected(name, `a duration of at most ${formatDuration(DURATION_MS_MAX)}`);
    }
    return durationMs;
  }
}

/** Opens an object, or notes that it is not one. */
export function openFields(
  json: unknown,
  at: At,
  problems: Problems,
  expected: string,
): Fields | undefined {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    return new Fields(json as { readonly [field: string]: unknown }, at, problems);
  }
  problems.expected(at, expected, json);
  return undefined;
}

export function readPath(value: unknown, at: At, problems: Problems): Path | undefined {
  if (typeof value !== 'string') {
    problems.expected(at, 'a path like "a.b.0"', value);
    return undefined;
  }
  const path = parsePath(value);
  if (typeof path !== 'string') return path;
  problems.error(at, `expected a path like "a.b.0", got ${describe(value)} (${path})`);
  return undefined;
}

export function oneOf(words: readonly string[]): string {
  const quoted = words.map((word) => `"${word}"`);
  return quoted.length === 1 ? (quoted[0] as string) : `one of ${quoted.join(', ')}`;
}
