import type { EncodedDetector } from '../detector/detector';
import { BugError } from '../error';
import { stepIncident } from '../incident/incident';
import { wellFormed } from '../record/utf8';
import type { Definition } from './definition';
import { incidentId, type SeriesKey } from './key';
import { type Outputs, oweIncidents, oweRow } from './output';
import { jsonBytes, REASON_BYTES_MAX, UNIT_BYTES_MAX } from './size';
import type { HeldWindow, SeriesState } from './state';
import { addBar, barsAfter } from './window';

/** Everything a fold step needs beside the record. */
export interface FoldContext {
  readonly definition: Definition;
  readonly key: SeriesKey;
  readonly state: SeriesState;
  readonly outputs: Outputs;
}

/**
 * Moves the watermark forward: publishes the windows it reaches, oldest first, then lets go of those
 * whose lateness is over (a later record for them would be late).
 */
export function advanceWatermark(context: FoldContext, watermarkMs: number): void {
  const { state, definition } = context;
  if (state.watermarkMs !== null && watermarkMs <= state.watermarkMs) return;
  state.watermarkMs = watermarkMs;
  const latenessMs = definition.metric.allowedLatenessMs;
  for (const window of state.windows.values()) {
    if (window.endMs > watermarkMs) break;
    if (window.rev === 0) publishFirst(context, window);
    if (window.endMs + latenessMs <= watermarkMs) state.windows.delete(window.startMs);
  }
  if (state.bars.length > 0) state.bars = barsAfter(state.bars, watermarkMs - latenessMs);
}

/** Where the watermark stands once a silence that ends at an arrival has closed what it may. */
export function idleWatermark({ state, definition }: FoldContext, arrivalMs: number): number {
  let newestEndMs = Number.NEGATIVE_INFINITY;
  for (const { rev, endMs } of state.windows.values()) {
    if (rev === 0 && endMs > newestEndMs) newestEndMs = endMs;
  }
  // A window that is still running at that arrival is not over, however long nothing came for it.
  const overMs = Math.min(newestEndMs, arrivalMs - definition.metric.outOfOrdernessMs);
  return Math.max(state.watermarkMs ?? Number.NEGATIVE_INFINITY, overMs);
}

/** Closes the open windows whose time was over when a silence ended. */
export function closeIdle(context: FoldContext, arrivalMs: number): void {
  const watermarkMs = idleWatermark(context, arrivalMs);
  if (watermarkMs > Number.NEGATIVE_INFINITY) advanceWatermark(context, watermarkMs);
}

/** End of the open window that closes first; null = none is open. */
export function oldestOpenEnd(state: SeriesState): number | null {
  for (const { rev, endMs } of state.windows.values()) if (rev === 0) return endMs;
  return null;
}

/** Lets go of the oldest window for want of room. */
export function evictOldest(context: FoldContext, window: HeldWindow): void {
  const { state } = context;
  if (window.rev === 0) publishFirst(context, window);
  state.windows.delete(window.startMs);
  state.floorMs = Math.max(state.floorMs ?? window.endMs, window.endMs);
}

/**
 * Lets go of the newest window for want of room: it is far ahead. It is not scored: what the detector
 * learns is in order of time, and honest windows come before it.
 */
export function evictAhead(context: FoldContext, window: HeldWindow): void {
  const { state, outputs, definition } = context;
  if (window.rev === 0) {
    window.rev = 1;
    oweRow(outputs, window, definition);
  }
  state.windows.delete(window.startMs);
  state.bars = addBar(state.bars, { fromMs: window.startMs, toMs: window.endMs });
}

/** Revision 1: scored once, and never again. */
function publishFirst(context: FoldContext, window: HeldWindow): void {
  window.rev = 1;
  score(context, window);
  oweRow(context.outputs, window, context.definition);
}

function score(context: FoldContext, window: HeldWindow): void {
  const { definition, state, key } = context;
  const { detector, metric, plan } = definition;
  if (detector === null || metric.detect === null) return;
  const result = plan.results(window.aggregate, metric.window.sizeMs)[metric.detect.on];
  const value = typeof result === 'bigint' ? Number(result) : result;
  if (typeof value !== 'number' || !Number.isFinite(value)) return;
  const point = { startMs: window.startMs, endMs: window.endMs, value };
  const { verdict: judged, state: next } = detector.step(state.detector, point);
  const verdict = { ...judged, reason: shortReason(judged.reason) };
  refuseNonFinite(detector.name, next);
  state.detector = next;
  window.score = verdict.score;
  window.anomaly = verdict.anomaly;
  window.expected = verdict.expected;
  const step = stepIncident(state.incident, verdict, point, () => incidentId(key, window.startMs));
  window.incident = step.incident?.id ?? state.incident?.id ?? null;
  state.incident = step.incident;
  oweIncidents(context.outputs, step.transitions);
}

/** An incident and its transitions are in the item, where every text has its share. */
function shortReason(reason: string): string {
  return jsonBytes(reason) <= REASON_BYTES_MAX
    ? reason
    : wellFormed(reason.slice(0, REASON_BYTES_MAX / UNIT_BYTES_MAX));
}

/** JSON would turn such a number into null without a word, and the next decode into nonsense. */
function refuseNonFinite(detector: string, state: EncodedDetector): void {
  for (const value of state.flat()) {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new BugError(`detector ${detector}: its state holds ${value}`);
    }
  }
}
