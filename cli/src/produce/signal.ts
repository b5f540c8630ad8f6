import type { SeededRandom } from './random';

const DAY_MS = 86_400_000;

/** What is normal for one series: a level, a daily season, and noise that remembers a little. */
export interface Signal {
  readonly level: number;
  readonly noise: number;
  /** The value at an event time, without any anomaly. Call in order of time: the noise has memory. */
  at(eventMs: number): number;
}

/** Share of the noise that carries over to the next sample: real load is not white. */
const NOISE_MEMORY = 0.6;

export function createSignal(random: SeededRandom): Signal {
  const level = random.between(25, 65);
  const noise = random.between(0.8, 2.5);
  const dailySwing = random.between(4, 15);
  const halfDailySwing = dailySwing * random.between(0.1, 0.4);
  const peakMs = random.between(11, 17) * 3_600_000;
  let remembered = 0;
  return {
    level,
    noise,
    at(eventMs) {
      const phase = (2 * Math.PI * ((eventMs % DAY_MS) - peakMs)) / DAY_MS;
      const season = dailySwing * Math.cos(phase) + halfDailySwing * Math.cos(2 * phase);
      const fresh = Math.sqrt(1 - NOISE_MEMORY ** 2) * random.normal();
      remembered = NOISE_MEMORY * remembered + fresh;
      return level + season + noise * remembered;
    },
  };
}
