import { parseDuration } from '@millrace/core/pipeline/duration';

/** What a query asks for. Times in epoch milliseconds. */
export interface Selection {
  readonly metric: string | null;
  readonly series: string | null;
  /** Windows that start at it or later. */
  readonly fromMs: number | null;
  /** Windows that start before it. */
  readonly toMs: number | null;
}

const MOMENT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** A moment (`2026-11-21`, `2026-11-21T12:00Z`) or a time ago (`30m`); null when it is neither. */
export function parseTime(text: string, nowMs: number): number | null {
  const agoMs = parseDuration(text);
  if (agoMs !== null) return nowMs - agoMs;
  if (!MOMENT.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
