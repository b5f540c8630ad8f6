import { PoisonError } from '../error';
import { endIncident } from '../incident/incident';
import { rememberedMax } from '../record/dedupe-key';
import type { Measurement } from '../record/record';
import type { Definition } from './definition';
import { oweIncidents, oweRow } from './output';
import {
  advanceWatermark,
  closeIdle,
  type FoldContext,
  idleWatermark,
  oldestOpenEnd,
} from './publish';
import { hasRoomAhead, makeRoom } from './room';
import type { HeldWindow, SeriesState } from './state';
import { TICK_MARGIN_MS } from './tick';
import { isBarred, windowStart } from './window';

/** Largest time a JavaScript date, and so a row, can show. */
const TIME_MS_MAX = 8_640_000_000_000_000;

export type FoldOutcome = 'applied' | 'late' | 'duplicate';

/**
 * Folds one valid measurement that the state does not hold yet. A function of (state, measurement,
 * arrival) alone: no clock, no randomness, no dependence on where a batch begins or ends.
 *
 * Order of decisions (docs/reference/pipeline.md): idle close by the arrival gap; late; duplicate; apply.
 * Throws `PoisonError`, with the state untouched, when a result would not be finite.
 */
export function fold(
  context: FoldContext,
  measurement: Measurement,
  arrivalMs: number,
): FoldOutcome {
  const { state, definition } = context;
  const startMs = windowStart(measurement.eventMs, definition.metric);
  const endMs = startMs + definition.metric.window.sizeMs;
  if (startMs < -TIME_MS_MAX || endMs > TIME_MS_MAX) {
    throw new PoisonError('the window of this event time has no representable bounds');
  }
  const gapMs = state.lastArrivalMs === null ? 0 : arrivalMs - state.lastArrivalMs;
  const expired = gapMs > definition.stateTtlMs;
  const idle = state.lastArrivalMs !== null && gapMs >= definition.metric.idleCloseMs;
  if (idle || expired) {
    refusePoison(context, measurement, arrivalMs, expired);
    closeIdle(context, arrivalMs);
    if (expired) expire(context, arrivalMs);
  }
  const outcome = judge(context, measurement, startMs, arrivalMs);
  state.lastArrivalMs = Math.max(state.lastArrivalMs ?? arrivalMs, arrivalMs);
  return outcome;
}

/**
 * What a tick does: closes the windows that are over once the series has been silent for the idle gap.
 * It changes when a row appears, never what it says: it counts as arrived a margin ago, so that the next
 * record, whose stamp may step back by that much, closes all of this by itself. Where it closes nothing
 * it leaves no trace.
 */
export function foldTick(context: FoldContext, tickMs: number): void {
  const { state, definition } = context;
  const endMs = oldestOpenEnd(state);
  if (state.lastArrivalMs === null || endMs === null) return;
  const arrivalMs = tickMs - TICK_MARGIN_MS;
  const silentMs = arrivalMs - state.lastArrivalMs;
  if (silentMs < definition.metric.idleCloseMs) return;
  if (endMs <= idleWatermark(context, arrivalMs)) closeIdle(context, arrivalMs);
}

function judge(
  context: FoldContext,
  measurement: Measurement,
  startMs: number,
  arrivalMs: number,
): FoldOutcome {
  const { state, definition } = context;
  const { metric, plan } = definition;
  const { watermarkMs } = state;
  const endMs = startMs + metric.window.sizeMs;
  if (isLate(context, startMs, arrivalMs, watermarkMs)) {
    state.counters.late++;
    return 'late';
  }
  const held = state.windows.get(startMs);
  const key = measurement.dedupeKey;
  if (key !== null && held?.keys?.has(key)) {
    state.counters.duplicate++;
    return 'duplicate';
  }
  const window = held ?? newWindow(definition, startMs, endMs);
  if (!plan.add(window.aggregate, measurement.inputs, measurement.eventMs)) {
    throw new PoisonError('a result of this window would not be a finite number');
  }
  if (held === undefined) hold(state, window);
  if (key !== null) remember(context, window, key);
  state.counters.applied++;
  if (watermarkMs !== null && endMs <= watermarkMs) revise(context, window);
  // Not the event time alone: a clock that runs ahead must not close what others still fill.
  advanceWatermark(context, Math.min(measurement.eventMs, arrivalMs) - metric.outOfOrdernessMs);
  makeRoom(context, arrivalMs);
  return 'applied';
}

function isLate(
  context: FoldContext,
  startMs: number,
  arrivalMs: number,
  watermarkMs: number | null,
): boolean {
  const { state, definition } = context;
  const { allowedLatenessMs, window } = definition.metric;
  const endMs = startMs + window.sizeMs;
  if (watermarkMs !== null && endMs + allowedLatenessMs <= watermarkMs) return true;
  if (state.floorMs !== null && startMs < state.floorMs) return true;
  if (state.bars.length > 0 && isBarred(state.bars, startMs, endMs)) return true;
  return !hasRoomAhead(context, startMs, arrivalMs);
}

/** A measurement behind the watermark publishes at once: the next revision, or the first, unscored. */
function revise(context: FoldContext, window: HeldWindow): void {
  window.late++;
  window.rev++;
  if (window.rev > 1) context.state.counters.revised++;
  oweRow(context.outputs, window, context.definition);
}

function newWindow(definition: Definition, startMs: number, endMs: number): HeldWindow {
  return {
    startMs,
    endMs,
    aggregate: definition.plan.create(),
    rev: 0,
    late: 0,
    keys: definition.metric.dedupe === null ? null : new Set(),
    score: null,
    anomaly: false,
    expected: null,
    incident: null,
  };
}

/** Keeps `windows` in order of start: windows mostly open at the end. */
function hold(state: SeriesState, window: HeldWindow): void {
  let newest = Number.NEGATIVE_INFINITY;
  for (const startMs of state.windows.keys()) newest = startMs;
  state.windows.set(window.startMs, window);
  if (window.startMs > newest) return;
  const sorted = [...state.windows.values()].sort((a, b) => a.startMs - b.startMs);
  state.windows = new Map(sorted.map((each) => [each.startMs, each]));
}

/** The latest keys are kept: a retry comes soon. From the first that is dropped on, duplicates may pass. */
function remember({ state, definition }: FoldContext, { keys }: HeldWindow, key: string): void {
  const { dedupe } = definition.metric;
  if (keys === null || dedupe === null) return;
  keys.add(key);
  if (keys.size <= rememberedMax(dedupe)) return;
  for (const oldest of keys) {
    keys.delete(oldest);
    break;
  }
  state.counters.dedupeOverflow++;
}

/**
 * Idle close comes before a poison record is found out, and a poison record must leave nothing behind.
 * So before an idle close the addition is tried on a copy.
 */
function refusePoison(
  context: FoldContext,
  measurement: Measurement,
  arrivalMs: number,
  expired: boolean,
): void {
  const { state, definition } = context;
  const { plan } = definition;
  const startMs = windowStart(measurement.eventMs, definition.metric);
  const idleMs = idleWatermark(context, arrivalMs);
  const watermarkMs = expired ? Math.max(idleMs, newLifeMs(definition, arrivalMs)) : idleMs;
  if (isLate(context, startMs, arrivalMs, watermarkMs)) return;
  const held = state.windows.get(startMs);
  if (measurement.dedupeKey !== null && held?.keys?.has(measurement.dedupeKey)) return;
  const trial = plan.create();
  const copy = held === undefined ? trial : plan.merge(held.aggregate, trial);
  if (!plan.add(copy, measurement.inputs, measurement.eventMs)) {
    throw new PoisonError('a result of this window would not be a finite number');
  }
}

/**
 * A series silent for longer than its state is kept starts a new life; the fold decides it, because
 * DynamoDB removes expired items when it pleases. A window that is not over yet, or not so long, goes on
 * into the new life: what came for it is counted, and a copy of that may still come.
 */
function expire(context: FoldContext, arrivalMs: number): void {
  const { state, outputs } = context;
  if (state.incident !== null) {
    const because = 'the series fell silent and its state expired';
    oweIncidents(outputs, [endIncident(state.incident, state.watermarkMs ?? arrivalMs, because)]);
  }
  state.detector = null;
  state.incident = null;
  advanceWatermark(context, newLifeMs(context.definition, arrivalMs));
}

/**
 * The watermark of a new life: as far ahead as any record of the old life could have been, so that a
 * straggler of the old life cannot count again; but no further than that of any record that arrives now.
 */
function newLifeMs({ metric, stateTtlMs }: Definition, arrivalMs: number): number {
  const { maxFutureSkewMs, allowedLatenessMs, outOfOrdernessMs, window } = metric;
  const oldLifeMs = arrivalMs - stateTtlMs + maxFutureSkewMs + allowedLatenessMs + window.sizeMs;
  return Math.min(oldLifeMs, arrivalMs - outOfOrdernessMs);
}
