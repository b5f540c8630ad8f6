import type { Metric } from '../pipeline/pipeline';

/** Start of the tumbling window `[start, start + size)` that holds an event time; exact for negatives. */
export function windowStart(eventMs: number, metric: Metric): number {
  const { sizeMs, offsetMs } = metric.window;
  return Math.floor((eventMs - offsetMs) / sizeMs) * sizeMs + offsetMs;
}

/**
 * Windows that have not been published: those that end after the watermark. An event is at most
 * `outOfOrderness` and `maxFutureSkew` ahead of it.
 */
export function openWindowsMax(metric: Metric): number {
  return windowsOver(metric.outOfOrdernessMs + metric.maxFutureSkewMs, metric);
}

/** Windows a series can hold at once: from `watermark - lateness` to the newest event. */
export function heldWindowsMax(metric: Metric): number {
  const { outOfOrdernessMs, maxFutureSkewMs, allowedLatenessMs } = metric;
  return windowsOver(outOfOrdernessMs + maxFutureSkewMs + allowedLatenessMs, metric);
}

/** The same where no clock runs ahead: what a series cannot do without. */
export function punctualWindowsMax(metric: Metric): {
  readonly open: number;
  readonly held: number;
} {
  const { outOfOrdernessMs, allowedLatenessMs } = metric;
  const open = windowsOver(outOfOrdernessMs, metric);
  return { open, held: windowsOver(outOfOrdernessMs + allowedLatenessMs, metric) };
}

function windowsOver(spanMs: number, { window }: Metric): number {
  return Math.ceil(spanMs / window.sizeMs) + 2;
}

/**
 * Whether a window begins so long after an arrival that no disorder explains it: a clock runs ahead.
 * A window that is late to begin by as much as others may be late to come is no such window.
 */
export function isFarAhead(startMs: number, arrivalMs: number, metric: Metric): boolean {
  return startMs > arrivalMs + Math.max(metric.window.sizeMs, metric.outOfOrdernessMs);
}

/** A time of which no window takes records any more, though the watermark is not there yet. */
export interface Bar {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Bars a state keeps; beyond, the two latest become one, with what is between them. */
export const BARS_MAX = 32;

/** Adds a bar: sorted, and what touches becomes one. */
export function addBar(bars: readonly Bar[], added: Bar): readonly Bar[] {
  const sorted = [...bars, added].sort((a, b) => a.fromMs - b.fromMs);
  const joined: Bar[] = [];
  for (const bar of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && bar.fromMs <= last.toMs) joined[joined.length - 1] = join(last, bar);
    else joined.push(bar);
  }
  if (joined.length <= BARS_MAX) return joined;
  const [latest, before] = [joined.pop() as Bar, joined.pop() as Bar];
  return [...joined, join(before, latest)];
}

function join(a: Bar, b: Bar): Bar {
  return { fromMs: a.fromMs, toMs: Math.max(a.toMs, b.toMs) };
}

/** The bars whose time is not over. */
export function barsAfter(bars: readonly Bar[], timeMs: number): readonly Bar[] {
  return bars.filter(({ toMs }) => toMs > timeMs);
}

export function isBarred(bars: readonly Bar[], startMs: number, endMs: number): boolean {
  return bars.some(({ fromMs, toMs }) => startMs < toMs && fromMs < endMs);
}
