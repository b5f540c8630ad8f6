import { hasLoneSurrogate, utf8Bytes } from '../record/utf8';
import { METRIC_BYTES_MAX, SERIES_BYTES_MAX } from './key';

/**
 * Ticks: in-band timers. The sweeper puts one under the series' own partition key when its windows
 * have been open longer than the idle gap, so that it queues behind any backlog. A tick carries a
 * name and nothing else: what it does follows from its arrival time.
 *
 * The prefix starts with a NUL byte, which no JSON text does: user data cannot be taken for a tick.
 */
export const TICK_PREFIX = '\u0000millrace:tick:';

/** Names no key but the one that nobody can put a record under, so a forged tick can do no more. */
const UNKEYED_MARKER = 'unkeyed';

export interface Tick {
  readonly metric: string;
  readonly series: string;
  /** Meant for what came without a partition key, whatever key the tick itself came under. */
  readonly unkeyed?: true;
}

export function encodeTick(tick: Tick): string {
  const { metric, series, unkeyed } = tick;
  return (
    TICK_PREFIX + JSON.stringify(unkeyed ? [metric, series, UNKEYED_MARKER] : [metric, series])
  );
}

/**
 * `null` when the text is no tick, or not a well-formed one. Any producer can write the prefix: names
 * that are no keys must not get as far as a table, which would refuse the whole batch for ever.
 */
export function decodeTick(text: string): Tick | null {
  if (!text.startsWith(TICK_PREFIX)) return null;
  try {
    const [metric, series, marker] = JSON.parse(text.slice(TICK_PREFIX.length)) as unknown[];
    const isTick = isName(metric, METRIC_BYTES_MAX) && isName(series, SERIES_BYTES_MAX);
    if (!isTick) return null;
    return marker === UNKEYED_MARKER ? { metric, series, unkeyed: true } : { metric, series };
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
