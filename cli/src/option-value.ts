import type { Command } from 'commander';
import { complaint, MillraceCommand } from './command';
import { UsageError } from './exit';

export interface WholeNumberRange {
  readonly min: number;
  readonly max?: number;
}

/**
 * Parser of an option whose value is a whole number, for commander's `option()`.
 *
 * @example command.option('--seed <n>', 'seed', wholeNumber(command, '--seed', { min: 0 }))
 */
export function wholeNumber(command: Command, name: string, range: WholeNumberRange) {
  const max = range.max ?? Number.MAX_SAFE_INTEGER;
  return (text: string): number => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value)) return refuse(command, name, 'a whole number', text);
    if (value < range.min || value > max) {
      const bounds =
        range.max === undefined ? `${range.min} or more` : `from ${range.min} to ${max}`;
      return refuse(command, name, `a whole number ${bounds}`, text);
    }
    return value;
  };
}

/** Parser of `--speed`: times real time, or `max` for as fast as the machine can (`Infinity`). */
export function speedValue(command: Command, name: string) {
  return (text: string): number => {
    if (text === 'max') return Number.POSITIVE_INFINITY;
    const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (!(value > 0) || !Number.isFinite(value)) {
      return refuse(command, name, 'a number above 0 or "max"', text);
    }
    return value;
  };
}

/** Parser of an option with a closed list of values. */
export function oneOf<T extends string>(command: Command, name: string, values: readonly T[]) {
  return (text: string): T => {
    const value = values.find((candidate) => candidate === text);
    if (value !== undefined) return value;
    refuse(command, name, `one of ${values.join(', ')}`, text);
    return values[0] as T;
  };
}

/** Notes the problem; the command never runs with the value answered here (see `listProblems`). */
function refuse(command: Command, name: string, expected: string, got: string): number {
  const line = complaint(command, `${name}: expected ${expected}, got ${JSON.stringify(got)}`);
  if (!(command instanceof MillraceCommand)) throw new UsageError(line);
  command.problems.push(line);
  return Number.NaN;
}

/** Called before any action: ends the command when one of its options was refused. */
export function listProblems(command: Command): void {
  if (command instanceof MillraceCommand && command.problems.length > 0) {
    throw new UsageError(command.problems);
  }
}
