import type { SeededRandom } from './random';
import type { Signal } from './signal';

export const ANOMALY_KINDS = ['spike', 'level-shift', 'drift', 'flat-line', 'missing'] as const;

export type AnomalyKind = (typeof ANOMALY_KINDS)[number];

export interface PlannedAnomaly {
  readonly kind: AnomalyKind;
  readonly series: number;
  /** Event times `[fromMs, toMs)`. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Signed size in units of the series' noise; 0 where the kind has no size. */
  readonly size: number;
}

/** Nothing is injected in the first share of the run: a detector has to learn what is normal. */
const QUIET_START_SHARE = 0.35;
const PLACEMENT_TRIES = 400;

export interface AnomalyRoom {
  readonly count: number;
  readonly series: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly periodMs: number;
}

/**
 * Places anomalies of all kinds in turn, no two in one series at a time, with room to calm down between.
 * Answers fewer than asked for when they do not fit.
 */
export function planAnomalies(room: AnomalyRoom, random: SeededRandom): readonly PlannedAnomaly[] {
  const planned: PlannedAnomaly[] = [];
  for (
    let tries = 0;
    planned.length < room.count && tries < PLACEMENT_TRIES * room.count;
    tries++
  ) {
    const kind = ANOMALY_KINDS[planned.length % ANOMALY_KINDS.length] as AnomalyKind;
    const lengthMs = anomalyLengthMs(kind, room);
    const earliestMs = room.durationMs * QUIET_START_SHARE;
    const latestMs = room.durationMs * 0.95 - lengthMs;
    if (latestMs < earliestMs) break;
    const offsetMs = random.between(earliestMs, latestMs);
    const fromMs = room.startMs + Math.floor(offsetMs / room.periodMs) * room.periodMs;
    const series = random.int(room.series);
    const direction = random.next() < 0.25 ? -1 : 1;
    const size = kind === 'flat-line' || kind === 'missing' ? 0 : direction * random.between(9, 16);
    const candidate = { kind, series, fromMs, toMs: fromMs + lengthMs, size };
    const calmMs = room.durationMs * 0.05;
    const free = planned.every(
      (other) =>
        other.series !== series ||
        other.toMs + calmMs <= candidate.fromMs ||
        candidate.toMs + calmMs <= other.fromMs,
    );
    if (free) planned.push(candidate);
  }
  return planned.sort((a, b) => a.fromMs - b.fromMs || a.series - b.series);
}

function anomalyLengthMs(kind: AnomalyKind, room: AnomalyRoom): number {
  const share = { spike: 0.02, 'level-shift': 0.1, drift: 0.15, 'flat-line': 0.1, missing: 0.08 }[
    kind
  ];
  const samples = Math.max(5, Math.round((room.durationMs * share) / room.periodMs));
  return samples * room.periodMs;
}

/** The value as the anomaly makes it; `null` = no sample at all. `frozen` is the value at its start. */
export function distort(
  anomaly: PlannedAnomaly,
  normal: number,
  at: { readonly eventMs: number; readonly signal: Signal; readonly frozen: number },
): number | null {
  const shift = anomaly.size * at.signal.noise;
  switch (anomaly.kind) {
    case 'missing':
      return null;
    case 'flat-line':
      return at.frozen;
    case 'drift':
      return normal + (shift * (at.eventMs - anomaly.fromMs)) / (anomaly.toMs - anomaly.fromMs);
    default:
      return normal + shift;
  }
}
