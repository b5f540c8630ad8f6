const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const STEPS_MS: readonly number[] = [
  ...[1, 5, 10, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 30, 90, 365, 3650].map((days) => days * DAY_MS),
];

/** Round moments (UTC) within a span, at most `most` of them. */
export function timeTicks(fromMs: number, toMs: number, most: number): readonly number[] {
  const stepMs = STEPS_MS.find((step) => (toMs - fromMs) / step <= most) ?? (toMs - fromMs) / most;
  const ticks: number[] = [];
  if (!(stepMs > 0)) return ticks;
  for (let at = Math.ceil(fromMs / stepMs) * stepMs; at <= toMs; at += stepMs) ticks.push(at);
  return ticks;
}

/** `10:05`, `10:05:30` or `Nov 24`: no more than what tells neighbouring ticks apart. */
export function tickText(ms: number, spanMs: number): string {
  const iso = new Date(ms).toISOString();
  if (spanMs > 2 * DAY_MS) {
    const month = new Date(ms).toLocaleString('en-US', { month: 'short', timeZone: 'UTC' });
    return `${month} ${Number(iso.slice(-16, -14))}`;
  }
  return spanMs < 5 * MINUTE_MS ? iso.slice(-13, -5) : iso.slice(-13, -8);
}
