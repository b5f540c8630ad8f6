import { eventTime } from '@millrace/core/record/event-time';
import fc from 'fast-check';

const pad = (number: number, width = 2) => String(number).padStart(width, '0');

const parts = fc.record({
  year: fc.oneof(
    fc.integer({ min: 0, max: 9999 }),
    fc.constantFrom(0, 4, 100, 400, 1900, 1970, 2000),
  ),
  month: fc.integer({ min: 0, max: 13 }),
  day: fc.oneof(fc.integer({ min: 0, max: 32 }), fc.constantFrom(28, 29, 30, 31)),
  hour: fc.integer({ min: 0, max: 24 }),
  minute: fc.integer({ min: 0, max: 60 }),
  second: fc.option(fc.integer({ min: 0, max: 60 }), { nil: null }),
  fraction: fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 12 }),
  zone: fc.option(
    fc.record({
      sign: fc.constantFrom('+', '-'),
      hour: fc.integer({ min: 0, max: 24 }),
      minute: fc.integer({ min: 0, max: 60 }),
    }),
    { nil: null },
  ),
});

/** By the calendar of the platform; NaN when a part was carried over into the next. */
function expectedMs({ year, month, day, hour, minute, second, fraction, zone }: Parts): number {
  const date = new Date(Date.UTC(2000, 0, 1, hour, minute, second ?? 0));
  date.setUTCFullYear(year, month - 1, day);
  const kept =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    (second ?? 0) < 60 &&
    (zone === null || (zone.hour < 24 && zone.minute < 60));
  if (!kept) return Number.NaN;
  const zoneMs = zone === null ? 0 : (zone.hour * 60 + zone.minute) * 60_000;
  const fractionMs = second === null || fraction === '' ? 0 : Math.floor(Number(`0.${fraction}e3`));
  return date.getTime() + fractionMs - (zone?.sign === '-' ? -zoneMs : zoneMs);
}

type Parts = typeof parts extends fc.Arbitrary<infer Value> ? Value : never;

function format({ year, month, day, hour, minute, second, fraction, zone }: Parts): string {
  const seconds = second === null ? '' : `:${pad(second)}${fraction === '' ? '' : `.${fraction}`}`;
  const end = zone === null ? 'Z' : `${zone.sign}${pad(zone.hour)}:${pad(zone.minute)}`;
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}${seconds}${end}`;
}

test('a time is what the platform says, or refused when a part is out of range', () => {
  let refused = 0;
  fc.assert(
    fc.property(parts, (value) => {
      const expected = expectedMs(value);
      if (Number.isNaN(expected)) refused++;
      expect(eventTime(format(value), 'ms')).toBe(expected);
    }),
    { numRuns: 5_000 },
  );
  expect(refused).toBeGreaterThan(100);
  expect(refused).toBeLessThan(4_500);
});

test('what the platform writes is read back', () => {
  const ms = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });
  fc.assert(
    fc.property(ms, (time) => expect(eventTime(new Date(time).toISOString(), 's')).toBe(time)),
  );
});
