import { formatDuration, parseDuration } from '@millrace/core/pipeline/duration';
import type { Command } from 'commander';
import { complaint, MillraceCommand } from '../command';
import { UsageError } from '../exit';

const RATE_UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** `2`, `2/s`, `0.5/m` as the milliseconds between two; null when it is no rate. */
export function parseRatePeriod(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(?:\/(s|m|h))?$/.exec(text);
  if (match === null || Number(match[1]) === 0) return null;
  return (RATE_UNIT_MS[match[2] ?? 's'] as number) / Number(match[1]);
}

/** Parser of an option that holds a duration within bounds; the value is in milliseconds. */
export function durationValue(command: Command, name: string, range: Range) {
  return (text: string) =>
    within(parseDuration(text), range) ??
    refuse(
      command,
      name,
      `a duration from ${formatDuration(range.min)} to ${formatDuration(range.max)}`,
      text,
    );
}

/** Parser of an option that holds a rate; the value is the period in milliseconds. */
export function rateValue(command: Command, name: string, periodMs: Range) {
  return (text: string) =>
    within(parseRatePeriod(text), periodMs) ??
    refuse(command, name, 'a rate from "1/h" to "200/s"', text);
}

/** Parser of an option that holds a share from 0 to 1. */
export function shareValue(command: Command, name: string) {
  return (text: string) => {
    const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : null;
    return within(value, { min: 0, max: 1 }) ?? refuse(command, name, 'a share from 0 to 1', text);
  };
}

/** Parser of an option that holds a moment, as ISO 8601 in UTC; the value is in milliseconds. */
export function momentValue(command: Command, name: string) {
  return (text: string) => {
    const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/.test(text)
      ? Date.parse(text)
      : NaN;
    if (!Number.isNaN(ms)) return ms;
    return refuse(command, name, 'a moment like "2026-01-05T00:00:00Z"', text);
  };
}

function within(value: number | null, range: Range): number | null {
  return value !== null && value >= range.min && value <= range.max ? value : null;
}

/** Notes the problem beside the others of this command; its action never runs with this value. */
function refuse(command: Command, name: string, expected: string, got: string): number {
  const line = complaint(command, `${name}: expected ${expected}, got ${JSON.stringify(got)}`);
  if (!(command instanceof MillraceCommand)) throw new UsageError(line);
  command.problems.push(line);
  return Number.NaN;
}
