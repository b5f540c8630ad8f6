import { types } from 'node:util';
import { UnavailableError } from '@millrace/core/error';

/** The exit codes every command keeps to; docs/reference/cli.md explains them to users. */
export const EXIT = { done: 0, no: 1, usage: 2, outside: 3, bug: 70 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with its exit code and its lines on stderr, one per problem, without a stack. */
export abstract class ExitError extends Error {
  abstract readonly code: ExitCode;
  readonly lines: readonly string[];

  constructor(lines: string | readonly string[], options?: { cause?: unknown }) {
    const list = typeof lines === 'string' ? [lines] : lines;
    super(list.join('\n'), options);
    this.name = new.target.name;
    this.lines = list;
  }
}

/** Everything was done, and the answer is no. */
export class AnswerNoError extends ExitError {
  readonly code = EXIT.no;
}

/** Wrong use or bad input: the user can put it right. */
export class UsageError extends ExitError {
  readonly code = EXIT.usage;
}

/** Something that is not ours failed: a disk, an endpoint. */
export class OutsideError extends ExitError {
  readonly code = EXIT.outside;
}

export interface Ending {
  readonly code: ExitCode;
  readonly lines: readonly string[];
}

/** What to print and answer for anything that was thrown. An unknown error is a bug and shows its stack. */
export function endingOf(error: unknown): Ending {
  if (error instanceof ExitError) return { code: error.code, lines: error.lines.map(joinLines) };
  if (error instanceof UnavailableError || isSystemError(error)) {
    return { code: EXIT.outside, lines: [`millrace: ${joinLines(error.message)}`] };
  }
  const stack = types.isNativeError(error) ? (error.stack ?? error.message) : String(error);
  return {
    code: EXIT.bug,
    lines: [
      ...stack.split('\n'),
      'millrace: this is a bug in Millrace or in a transform; please report the lines above, the command and the output of millrace --version',
    ],
  };
}

/** Whether the operating system refused (`ENOSPC`, `EACCES`, `ECONNREFUSED`, …). */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return (
    types.isNativeError(error) &&
    /^E[A-Z0-9]+$/.test(String((error as NodeJS.ErrnoException).code ?? '')) &&
    typeof (error as NodeJS.ErrnoException).syscall === 'string'
  );
}

/** Keeps the promise of one line per problem when a message quotes something longer; `say` escapes it. */
export function joinLines(text: string): string {
  return text.trim().replace(/\s*[\r\n]+\s*/g, ' ');
}
