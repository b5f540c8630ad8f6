import { eventTime } from '@millrace/core/record/event-time';
import type { Command } from 'commander';
import { decimal, type Range, refuse } from '../option-value';

const RATE_UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** `2`, `2/s`, `0.5/m` as the milliseconds between two; null when it is no rate. */
export function parseRatePeriod(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(?:\/(s|m|h))?$/.exec(text);
  if (match === null || Number(match[1]) === 0) return null;
  return (RATE_UNIT_MS[match[2] ?? 's'] as number) / Number(match[1]);
}

/** Parser of an option that holds a rate; the value is the period in milliseconds. */
export function rateValue(command: Command, name: string, periodMs: Range) {
  return (text: string) =>
    within(parseRatePeriod(text), periodMs) ??
    refuse(command, name, 'a rate from "1/h" to "200/s"', text);
}

/** Parser of an option that holds a share from 0 to 1. */
export function shareValue(command: Command, name: string) {
  return decimal(command, name, { min: 0, max: 1 }, 'a share');
}

/** Parser of an option that holds a moment, as ISO 8601 in UTC; the value is in milliseconds. */
export function momentValue(command: Command, name: string) {
  return (text: string) => {
    const ms = text.endsWith('Z') ? eventTime(text, 'ms') : Number.NaN;
    if (!Number.isNaN(ms)) return ms;
    return refuse(command, name, 'a moment like "2026-01-05T00:00:00Z"', text);
  };
}

function within(value: number | null, range: Range): number | null {
  return value !== null && value >= range.min && value <= range.max ? value : null;
}
