import type { Detector, EncodedDetector, Point, Verdict } from './detector';

/** Points before the first verdict: a spread from fewer says little. */
const WARM_UP_POINTS = 15;
/** Memory of the smoothed mean and of the mean absolute deviation: about 1 / alpha points. */
const ALPHA_MEAN = 0.08;
const ALPHA_SPREAD = 0.05;
/** Half width of the expected band, in mean absolute deviations (a normal's is 0.8 sigma). */
const BAND_DEVIATIONS = 7;
/** Hysteresis: an incident may close once the deviation is below this. */
const CALM_DEVIATIONS = 4;
/** A spread is never taken for less than this share of the level: flat series jitter in their last digits. */
const SPREAD_FLOOR_RATIO = 0.005;
/** What is learnt from one point is clipped to this many deviations, so that one spike is not the norm. */
const LEARN_DEVIATIONS_MAX = 3;
/** A level that has held for this many points in a row is the new norm. */
const NEW_LEVEL_POINTS = 20;
const CRITICAL_DEVIATIONS = 20;

interface State {
  points: number;
  mean: number;
  spread: number;
  /** Consecutive points outside the band. */
  outside: number;
}

/**
 * Deviation of a point from an exponentially weighted mean, measured in exponentially weighted mean
 * absolute deviations (Roberts 1959 for the mean; robust to spikes because what is learnt is clipped).
 *
 * Simple and honest: no season, one band. State: 5 numbers.
 */
export const ewma: Detector = {
  name: 'ewma',
  version: 1,
  step(encoded, point) {
    const state = decode(encoded);
    const verdict = judge(state, point);
    return { verdict, state: encode(learn(state, point)) };
  },
};

function judge(state: State, point: Point): Verdict {
  if (state.points < WARM_UP_POINTS) {
    const reason = `learning: ${state.points} of ${WARM_UP_POINTS} windows seen`;
    return { score: null, anomaly: false, calm: true, expected: null, severity: 'info', reason };
  }
  const spread = effectiveSpread(state);
  const half = Math.min(BAND_DEVIATIONS * spread, Number.MAX_VALUE / 4);
  const deviations = Math.min(Math.abs(point.value - state.mean) / spread, 1e9);
  const anomaly = deviations > BAND_DEVIATIONS;
  const side = point.value >= state.mean ? 'above' : 'below';
  return {
    score: deviations / (deviations + BAND_DEVIATIONS),
    anomaly,
    calm: deviations < CALM_DEVIATIONS,
    expected: { low: finite(state.mean - half), high: finite(state.mean + half) },
    severity: deviations >= CRITICAL_DEVIATIONS ? 'critical' : 'warning',
    reason: `${deviations.toPrecision(3)} mean absolute deviations ${side} the smoothed mean`,
  };
}

function learn(state: State, point: Point): State {
  if (state.points === 0) return { points: 1, mean: point.value, spread: 0, outside: 0 };
  const points = state.points + 1;
  const error = point.value - state.mean;
  const warming = state.points < WARM_UP_POINTS;
  const spread = effectiveSpread(state);
  const outside = !warming && Math.abs(error) > BAND_DEVIATIONS * spread ? state.outside + 1 : 0;
  if (outside >= NEW_LEVEL_POINTS) return { points, mean: point.value, spread, outside: 0 };
  // While warming up both are plain means over what was seen; afterwards they forget.
  const alphaMean = warming ? 1 / points : ALPHA_MEAN;
  const alphaSpread = warming ? 1 / state.points : ALPHA_SPREAD;
  const limit = warming ? Number.MAX_VALUE : LEARN_DEVIATIONS_MAX * spread;
  const learnt = Math.max(-limit, Math.min(limit, error));
  return {
    points,
    mean: finite(state.mean + alphaMean * learnt),
    spread: finite(state.spread + alphaSpread * (Math.abs(learnt) - state.spread)),
    outside,
  };
}

/** Never zero: a flat series would otherwise be an anomaly at its first rounding error. */
function effectiveSpread(state: State): number {
  return Math.max(state.spread, Math.abs(state.mean) * SPREAD_FLOOR_RATIO, 1e-9);
}

function finite(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}

function encode(state: State): EncodedDetector {
  return [ewma.version, state.points, state.mean, state.spread, state.outside];
}

function decode(encoded: EncodedDetector | null): State {
  if (encoded === null) return { points: 0, mean: 0, spread: 0, outside: 0 };
  const [, points, mean, spread, outside] = encoded as readonly number[];
  return { points: points ?? 0, mean: mean ?? 0, spread: spread ?? 0, outside: outside ?? 0 };
}
