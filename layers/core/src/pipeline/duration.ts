const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A century: beyond it a window says nothing, and sums of durations stay exact below it. */
export const DURATION_MS_MAX = 36_500 * UNIT_MS.d;

/**
 * Milliseconds of a duration like `500ms`, `10s`, `1m`, `6h`, `1d`; null when it is not one.
 *
 * @example parseDuration('1m') === 60_000
 */
export function parseDuration(text: string): number | null {
  const match = /^(0|[1-9]\d*)(ms|s|m|h|d)$/.exec(text);
  return match === null ? null : Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** The shortest exact way to write a whole number of milliseconds. */
export function formatDuration(durationMs: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find((name) => durationMs % UNIT_MS[name] === 0);
  if (durationMs === 0) return '0s';
  return unit === undefined ? `${durationMs}ms` : `${durationMs / UNIT_MS[unit]}${unit}`;
}
