import { hasLoneSurrogate, utf8Bytes } from '../record/utf8';
import { METRIC_BYTES_MAX, SERIES_BYTES_MAX } from './key';

/**
 * Ticks: in-band timers. The sweeper puts one under the series' own partition key when its windows
 * have been open longer than the idle gap, so that it queues behind any backlog. A tick carries a
 * name and nothing else: what it does follows from its arrival time (11-exactly-once, section 2).
 *
 * The prefix starts with a NUL byte, which no JSON text does: user data cannot be taken for a tick.
 */
export const TICK_PREFIX = '\u0000millrace:tick:';

export interface Tick {
  readonly metric: string;
  readonly series: string;
}

export function encodeTick(tick: Tick): string {
  return TICK_PREFIX + JSON.stringify([tick.metric, tick.series]);
}

/**
 * `null` when the text is no tick, or not a well-formed one. Any producer can write the prefix: names
 * that are no keys must not get as far as a table, which would refuse the whole batch for ever.
 */
export function decodeTick(text: string): Tick | null {
  if (!text.startsWith(TICK_PREFIX)) return null;
  try {
    const [metric, series] = JSON.parse(text.slice(TICK_PREFIX.length)) as unknown[];
    const isTick = isName(metric, METRIC_BYTES_MAX) && isName(series, SERIES_BYTES_MAX);
    return isTick ? { metric, series } : null;
  } catch {
    return null;
  }
}

function isName(name: unknown, bytesMax: number): name is string {
  return typeof name === 'string' && !hasLoneSurrogate(name) && utf8Bytes(name) <= bytesMax;
}

/**
 * How much longer than the idle gap a series must have been silent before a tick closes its windows:
 * arrival stamps within a shard may step back a little, and a record that was put before the tick must
 * never find its window closed by it.
 */
export const TICK_MARGIN_MS = 5_000;
