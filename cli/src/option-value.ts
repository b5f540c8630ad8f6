import { formatDuration, parseDuration } from '@millrace/core/pipeline/duration';
import { eventTime } from '@millrace/core/record/event-time';
import type { Command } from 'commander';
import { complaint, MillraceCommand } from './command';
import { UsageError } from './exit';

export interface WholeNumberRange {
  readonly min: number;
  readonly max?: number;
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

const DECIMAL = /^(\d+\.?\d*|\.\d+)$/;

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
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
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

/** Parser of an option that holds a number with or without a fraction, such as `0.5`. */
export function decimal(command: Command, name: string, { min, max }: Range, what = 'a number') {
  return (text: string): number => {
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    return refuse(command, name, `${what} from ${min} to ${max}`, text);
  };
}

/** Parser of an option that holds a duration within bounds; the value is in milliseconds. */
export function durationValue(command: Command, name: string, { min, max }: Range) {
  const bounds = `from ${formatDuration(min)} to ${formatDuration(max)}`;
  return (text: string): number => {
    const durationMs = parseDuration(text);
    if (durationMs !== null && durationMs >= min && durationMs <= max) return durationMs;
    return refuse(command, name, `a duration ${bounds}`, text);
  };
}

/** Parser of an option that holds a moment, or how long ago it was; the value is epoch milliseconds. */
export function timeValue(command: Command, name: string, nowMs: () => number) {
  return (text: string): number =>
    parseTime(text, nowMs()) ??
    refuse(command, name, 'a time like "2026-11-21T12:00Z" or "30m" (ago)', text);
}

/** A moment (`2026-11-21`, `2026-11-21T12:00Z`) or a time ago (`30m`); null when it is neither. */
export function parseTime(text: string, nowMs: number): number | null {
  const agoMs = parseDuration(text);
  if (agoMs !== null) return nowMs - agoMs;
  const ms = eventTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00Z` : text, 'ms');
  return Number.isNaN(ms) ? null : ms;
}

/** Parser of an option that holds the address of an endpoint. */
export function urlValue(command: Command, name: string) {
  return (text: string): string => {
    if (/^https?:\/\/[^/\s]/.test(text) && URL.canParse(text)) return text;
    refuse(command, name, 'a URL like "http://127.0.0.1:4566"', text);
    return text;
  };
}

/** Notes the problem; the command never runs with the value answered here (see `listProblems`). */
export function refuse(command: Command, name: string, expected: string, got: string): number {
  const line = complaint(command, `${name}: expected ${expected}, got ${JSON.stringify(got)}`);
  if (!(command instanceof MillraceCommand)) throw new UsageError(line);
  command.problems.push(line);
  return Number.NaN;
}

/**
 * What options must be together: `check` answers a text per mistake. Values that were refused alone
 * are `NaN` in `flags`.
 */
export function checkTogether<Flags>(
  command: Command,
  check: (flags: Flags) => readonly string[],
): void {
  if (!(command instanceof MillraceCommand)) throw new TypeError('not a command of ours');
  command.checks.push(() => check(command.opts() as Flags));
}

/** Called before any action: ends the command when one of its options was refused. */
export function listProblems(command: Command): void {
  if (!(command instanceof MillraceCommand)) return;
  const together = command.checks.flatMap((check) => check());
  const problems = [...command.problems, ...together.map((text) => complaint(command, text))];
  if (problems.length > 0) throw new UsageError(problems);
}
