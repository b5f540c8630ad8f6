import type { Metric } from '../pipeline/pipeline';

/** Start of the tumbling window `[start, start + size)` that holds an event time; exact for negatives. */
export function windowStart(eventMs: number, metric: Metric): number {
  const { sizeMs, offsetMs } = metric.window;
  return Math.floor((eventMs - offsetMs) / sizeMs) * sizeMs + offsetMs;
}

/** Windows that have not been published: those that end after the watermark. */
export function openWindowsMax(metric: Metric): number {
  return Math.ceil(metric.outOfOrdernessMs / metric.window.sizeMs) + 2;
}

/**
 * Windows a series can hold at once: those between `watermark - lateness` and the newest event, which
 * is at most `outOfOrderness` ahead of the watermark.
 */
export function heldWindowsMax(metric: Metric): number {
  const spanMs = metric.outOfOrdernessMs + metric.allowedLatenessMs;
  return Math.ceil(spanMs / metric.window.sizeMs) + 2;
}
