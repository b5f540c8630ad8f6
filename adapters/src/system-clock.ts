import { setTimeout } from 'node:timers/promises';
import type { Clock } from '@millrace/core/port';

/** The host's time. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (durationMs) => setTimeout(durationMs),
};
