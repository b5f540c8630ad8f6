import type { TimeUnit } from '../pipeline/pipeline';

/** The furthest milliseconds from 1970 that a JavaScript date can show. */
export const DATE_MS_MAX = 8.64e15;

/** Longest text that is read as a time: more digits of a second than any clock gives. */
const TIME_UNITS_MAX = 256;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * Event time in milliseconds since the epoch, rounded down, from a number in `unit` or a string
 * `YYYY-MM-DDThh:mm[:ss[.f…]]` with `Z` or `±hh:mm`. NaN when the value is neither.
 *
 * @example eventTime('1969-12-31T23:59:59.9999Z', 'ms') === -1
 */
export function eventTime(value: unknown, unit: TimeUnit): number {
  if (typeof value === 'number') return fromNumber(value, unit);
  // Nanoseconds have 19 digits; a time is a quantity, and the nearest double counts.
  if (typeof value === 'bigint') return fromNumber(Number(value), unit);
  return typeof value === 'string' ? parseTime(value) : Number.NaN;
}

/**
 * One multiplication or division of doubles, then the floor. Seconds with three decimals come out as
 * written for all dates from 2005 to 2037: there the product's rounding undoes the decimal's.
 */
function fromNumber(value: number, unit: TimeUnit): number {
  const exact =
    unit === 'ms' ? value : unit === 's' ? value * 1e3 : unit === 'us' ? value / 1e3 : value / 1e6;
  const ms = Math.floor(exact) + 0; // -0 is 0
  return ms >= -DATE_MS_MAX && ms <= DATE_MS_MAX ? ms : Number.NaN;
}

/** Positions in `YYYY-MM-DDThh:mm`, the part that every time has. */
function parseTime(text: string): number {
  if (text.length > TIME_UNITS_MAX) return Number.NaN;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const valid =
    year >= 0 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysIn(year, month) &&
    hour >= 0 &&
    hour <= 23 &&
    minute >= 0 &&
    minute <= 59 &&
    text[4] === '-' &&
    text[7] === '-' &&
    text[10] === 'T' &&
    text[13] === ':';
  if (!valid) return Number.NaN;
  const base = daysSince1970(year, month, day) * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS;
  return base + parseRest(text);
}

/** Milliseconds that `[:ss[.f…]]` and the zone add; NaN when they are malformed. */
function parseRest(text: string): number {
  let at = 16;
  let restMs = 0;
  if (text[at] === ':') {
    const second = digits(text, at + 1, 2);
    if (second < 0 || second > 59) return Number.NaN;
    restMs = second * 1_000;
    at += 3;
    if (text[at] === '.') {
      const end = endOfDigits(text, at + 1);
      if (end === at + 1) return Number.NaN;
      // Digits past the third are cut off, and cutting is rounding down: they are never negative.
      restMs += Number(text.slice(at + 1, Math.min(end, at + 4)).padEnd(3, '0'));
      at = end;
    }
  }
  return restMs - zoneMs(text, at);
}

/** What local time is ahead of UTC; NaN unless exactly a zone is left of the text. */
function zoneMs(text: string, at: number): number {
  const sign = text[at];
  if (sign === 'Z') return text.length === at + 1 ? 0 : Number.NaN;
  if ((sign !== '+' && sign !== '-') || text.length !== at + 6 || text[at + 3] !== ':') {
    return Number.NaN;
  }
  const hour = digits(text, at + 1, 2);
  const minute = digits(text, at + 4, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return Number.NaN;
  const offsetMs = hour * HOUR_MS + minute * MINUTE_MS;
  return sign === '-' ? -offsetMs : offsetMs;
}

/** The number that `count` ASCII digits write, or -1. Past the end of the text is no digit. */
function digits(text: string, from: number, count: number): number {
  let number = 0;
  for (let at = from; at < from + count; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
  }
  return number;
}

function endOfDigits(text: string, from: number): number {
  let at = from;
  while (digits(text, at, 1) >= 0) at++;
  return at;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const;

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysIn(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : (DAYS[month - 1] as number);
}

/** Written out, because `Date.UTC` takes the years 0 to 99 for 1900 to 1999. Year 0 is a leap year. */
function daysSince1970(year: number, month: number, day: number): number {
  const leapDays =
    Math.floor((year + 3) / 4) - Math.floor((year + 99) / 100) + Math.floor((year + 399) / 400);
  const leapDay = month > 2 && isLeap(year) ? 1 : 0;
  const daysSinceYear0 =
    year * 365 + leapDays + (DAYS_BEFORE[month - 1] as number) + leapDay + day - 1;
  return daysSinceYear0 - 719_528;
}
