import { UsageError } from '../exit';

/** A recording is not what docs/reference/recording.md asks for. Thrown by reader and parser: exit 2. */
export class RecordingError extends UsageError {}

/** `orders.ndjson: line 3: q: expected …`; `line` counts from 1. */
export function atLine(path: string, line: number, problem: string): RecordingError {
  return new RecordingError(`${path}: line ${line}: ${problem}`);
}

const QUOTED_LENGTH_MAX = 60;

/** Names what was found in place of the expected, shortened and on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value !== 'string') return String(value);
  if (value.length <= QUOTED_LENGTH_MAX) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, QUOTED_LENGTH_MAX))}…`;
}
