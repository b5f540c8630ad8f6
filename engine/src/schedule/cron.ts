import {
  type DayRule,
  type Field,
  parseDayOfMonth,
  parseDayOfWeek,
  parseField,
} from './cron-field';
import type { Schedule } from './expression';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const YEARS: readonly [number, number] = [1970, 2199];
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

interface Cron {
  readonly minutes: Field;
  readonly hours: Field;
  readonly isDay: DayRule;
  readonly months: Field;
  readonly years: Field;
}

/**
 * AWS's six fields: minutes, hours, day of month, month, day of week (1 = Sunday), year; one of the
 * two day fields must be `?`.
 *
 * @throws RangeError naming the field
 */
export function parseCron(body: string): Schedule {
  const fields = body.trim().split(/\s+/);
  if (fields.length !== 6) {
    throw new RangeError(`expected six cron fields, got ${fields.length}: "${body}"`);
  }
  const [minute, hour, dayOfMonth, month, dayOfWeek, year] = fields as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw new RangeError(`expected "?" in one of day-of-month and day-of-week: "${body}"`);
  }
  const cron: Cron = {
    minutes: parseField(minute, { name: 'minutes', range: [0, 59] }),
    hours: parseField(hour, { name: 'hours', range: [0, 23] }),
    isDay: dayOfWeek === '?' ? parseDayOfMonth(dayOfMonth) : parseDayOfWeek(dayOfWeek),
    months: parseField(month, { name: 'month', range: [1, 12], names: MONTHS }),
    years: parseField(year, { name: 'year', range: YEARS }),
  };
  return { next: (afterMs) => nextOf(cron, afterMs) };
}

/** Walks days, then hours, then minutes; the last year of the language bounds the walk. */
function nextOf(cron: Cron, afterMs: number): number | null {
  const fromMs = Math.floor(afterMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const endMs = Date.UTC(YEARS[1] + 1, 0, 1);
  for (let dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS; dayMs < endMs; dayMs += DAY_MS) {
    const day = new Date(dayMs);
    if (!cron.years.has(day.getUTCFullYear()) || !cron.months.has(day.getUTCMonth() + 1)) continue;
    if (!cron.isDay(day)) continue;
    const timeMs = nextInDay(cron, dayMs, fromMs);
    if (timeMs !== null) return timeMs;
  }
  return null;
}

function nextInDay({ hours, minutes }: Cron, dayMs: number, fromMs: number): number | null {
  for (let hour = 0; hour < 24; hour += 1) {
    if (!hours.has(hour) || dayMs + (hour + 1) * HOUR_MS <= fromMs) continue;
    for (let minute = 0; minute < 60; minute += 1) {
      const timeMs = dayMs + hour * HOUR_MS + minute * MINUTE_MS;
      if (minutes.has(minute) && timeMs >= fromMs) return timeMs;
    }
  }
  return null;
}
