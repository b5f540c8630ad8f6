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
/**
 * The largest recent deviation is remembered and fades; until it has, a deviation of that size is
 * known and no news: one disturbance is one incident, and a series of bursts is not one a burst.
 */
const PEAK_DECAY = 0.97;
/** News is what exceeds the remembered deviation by this factor. */
const NEWS_RATIO = 1.05;
/** Score of a deviation that is outside the band and no news: below that of any anomaly. */
const KNOWN_SCORE_MAX = 0.49;
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
  /** Largest deviation from the mean, fading. */
  peak: number;
}

type StoredState = [
  version: number,
  points: number,
  mean: number,
  spread: number,
  outside: number,
  peak: number,
];

/**
 * Deviation of a point from an exponentially weighted mean, measured in exponentially weighted mean
 * absolute deviations (Roberts 1959 for the mean; robust to spikes because what is learnt is clipped).
 *
 * Simple and honest: no season, one band. State: 6 numbers.
 */
export const ewma: Detector = {
  name: 'ewma',
  version: 1,
  accepts(encoded) {
    if (encoded.length !== 6 || !encoded.every(Number.isFinite)) return false;
    const [version, points, , spread, outside, peak] = encoded as readonly number[] as StoredState;
    const counts = [points, outside].every((n) => Number.isSafeInteger(n) && n < 2 ** 52);
    return (
      version === ewma.version && counts && points > 0 && spread >= 0 && outside >= 0 && peak >= 0
    );
  },
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
  const isNews = Math.abs(point.value - state.mean) > state.peak * NEWS_RATIO;
  const anomaly = deviations > BAND_DEVIATIONS && isNews;
  const score = deviations / (deviations + BAND_DEVIATIONS);
  const side = point.value >= state.mean ? 'above' : 'below';
  return {
    score: anomaly ? score : Math.min(score, KNOWN_SCORE_MAX),
    anomaly,
    calm: deviations < CALM_DEVIATIONS,
    expected: { low: finite(state.mean - half), high: finite(state.mean + half) },
    // A constant series has no scale to call its first change critical by.
    severity: deviations >= CRITICAL_DEVIATIONS && state.peak > 0 ? 'critical' : 'warning',
    reason: `${deviations.toPrecision(3)} mean absolute deviations ${side} the smoothed mean`,
  };
}

function learn(state: State, point: Point): State {
  if (state.points === 0) return { points: 1, mean: point.value, spread: 0, outside: 0, peak: 0 };
  const points = state.points + 1;
  const error = point.value - state.mean;
  const warming = state.points < WARM_UP_POINTS;
  const spread = effectiveSpread(state);
  const outside = !warming && Math.abs(error) > BAND_DEVIATIONS * spread ? state.outside + 1 : 0;
  const peak = finite(Math.max(Math.abs(error), state.peak * PEAK_DECAY));
  if (outside >= NEW_LEVEL_POINTS)
    return { points, mean: point.value, spread, outside: 0, peak: 0 };
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
    peak,
  };
}

/** Never zero: a flat series would otherwise be an anomaly at its first rounding error. */
function effectiveSpread(state: State): number {
  const floor = Math.max(Math.abs(state.mean) * SPREAD_FLOOR_RATIO, 1e-9);
  return Math.max(state.spread, floor);
}

function finite(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}

function encode(state: State): EncodedDetector {
  return [ewma.version, state.points, state.mean, state.spread, state.outside, state.peak];
}

function decode(encoded: EncodedDetector | null): State {
  if (encoded === null) return { points: 0, mean: 0, spread: 0, outside: 0, peak: 0 };
  const [, points = 0, mean = 0, spread = 0, outside = 0, peak = 0] = encoded as readonly number[];
  return { points, mean, spread, outside, peak };
}
