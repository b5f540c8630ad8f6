import { parseCron } from './cron';

/** When something fires. Times in epoch milliseconds. */
export interface Schedule {
  /** The first time after `afterMs`, or null when there is none; a rate counts from `startMs`. */
  next(afterMs: number, startMs: number): number | null;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/**
 * Reads `rate(5 minutes)`, `cron(0 12 * * ? *)` or `at(2026-11-21T12:00:00)`, all in UTC.
 *
 * @throws RangeError with what was expected
 */
export function parseSchedule(expression: string): Schedule {
  const [, kind, body] = /^(rate|cron|at)\((.*)\)$/.exec(expression.trim()) ?? [];
  if (kind === 'rate') return parseRate(body!, expression);
  if (kind === 'cron') return parseCron(body!);
  if (kind === 'at') return parseAt(body!, expression);
  throw new RangeError(`expected rate(…), cron(…) or at(…), got "${expression}"`);
}

function parseRate(body: string, expression: string): Schedule {
  const [, count, unit, plural] = /^([1-9]\d*) (minute|hour|day)(s?)$/.exec(body.trim()) ?? [];
  // AWS refuses "1 minutes" and "5 minute" too.
  if (unit === undefined || (count === '1') !== (plural === '')) {
    throw new RangeError(`expected a rate such as "1 minute" or "5 minutes", got "${expression}"`);
  }
  const everyMs = Number(count) * UNIT_MS[unit]!;
  return {
    next: (afterMs, startMs) =>
      startMs + Math.max(1, Math.floor((afterMs - startMs) / everyMs) + 1) * everyMs,
  };
}

function parseAt(body: string, expression: string): Schedule {
  const atMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(body) ? Date.parse(`${body}Z`) : Number.NaN;
  if (Number.isNaN(atMs)) {
    throw new RangeError(`expected at(yyyy-mm-ddThh:mm:ss), got "${expression}"`);
  }
  return { next: (afterMs) => (atMs > afterMs ? atMs : null) };
}
