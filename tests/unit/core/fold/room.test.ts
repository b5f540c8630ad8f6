/** What goes when the windows of a series do not fit its item, and what does not. */
import { encodeState, newState } from '@millrace/core/fold/codec';
import { defineMetric } from '@millrace/core/fold/definition';
import { type FoldOutcome, fold, foldTick } from '@millrace/core/fold/fold';
import { noOutputs } from '@millrace/core/fold/output';
import type { FoldContext } from '@millrace/core/fold/publish';
import { addBar, BARS_MAX, type Bar } from '@millrace/core/fold/window';
import { decodeState } from '@millrace/core/stored/decode-state';
import { oneMetric } from '../../../helper/metric';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 4, 4);
const key = { metric: 'm', partitionKey: 'p', series: 's' };

/** Windows of ten seconds that texts fill: two full ones fit while they are open. */
function contextFor(overrides: Record<string, unknown> = {}): FoldContext {
  const metric = oneMetric({
    window: { type: 'tumbling', size: '10s' },
    ...{ outOfOrderness: '30s', allowedLateness: '20s', maxFutureSkew: '36500d' },
    aggregates: ['count', 'sum', { op: 'top', path: 'x', as: 'top', k: 40 }],
    detect: { detector: 'default', on: 'sum' },
    ...overrides,
  });
  const definition = defineMetric(metric, 7 * DAY_MS);
  return { definition, key, state: newState(), outputs: noOutputs() };
}

let texts = 0;

function foldOne(context: FoldContext, eventMs: number, arrivalMs = eventMs): FoldOutcome {
  const { metric } = context.definition;
  const text = `${texts++} `.padEnd(250, 'x');
  const measured = { kind: 'measurement', metric, series: 's', dedupeKey: null } as const;
  return fold(context, { ...measured, eventMs, inputs: [1, text] }, arrivalMs);
}

/** An hour of honest records, eight a second; `beside` may send others at each second. */
function honestHour(context: FoldContext, beside: (nowMs: number) => void) {
  const outcomes: Record<string, number> = {};
  for (let second = 0; second < 600; second++) {
    const nowMs = START_MS + second * SECOND_MS;
    for (let n = 0; n < 8; n++) {
      const outcome = foldOne(context, nowMs - n * 500, nowMs);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    beside(nowMs);
  }
  return outcomes;
}

describe('given honest records that fill the item, and a clock that runs far ahead', () => {
  it.each([
    ['into ever the same window', (_: number) => START_MS + 20_000 * DAY_MS],
    ['by half an hour, into the windows that come then', (nowMs: number) => nowMs + HOUR_MS / 2],
    ['into a window of its own each time', (nowMs: number) => nowMs * 1.5],
  ])('%s: not one honest record more is late', (_, eventOf) => {
    const alone = honestHour(contextFor(), () => undefined);
    const together = contextFor();

    const outcomes = honestHour(together, (nowMs) => foldOne(together, eventOf(nowMs), nowMs));

    expect(alone).toEqual({ applied: 4_800 });
    expect(outcomes).toEqual(alone);
  });

  it('half an hour later the windows it was ahead in take honest records, but for those that made room', () => {
    const context = contextFor();
    honestHour(context, (nowMs) => foldOne(context, nowMs + HOUR_MS / 2, nowMs));

    const later = START_MS + HOUR_MS / 2;
    const bars = context.state.bars;
    const outcomes = [...Array(600).keys()].map((second) => {
      const nowMs = later + second * SECOND_MS;
      return foldOne(context, nowMs, nowMs);
    });

    const barredMs = bars.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    expect(outcomes.filter((outcome) => outcome !== 'applied')).toHaveLength(barredMs / 1000);
    // Two windows of sixty: from when the item was not full yet.
    expect(barredMs).toBe(20_000);
  });
});

describe('given windows planted ahead while there was room', () => {
  /** As many as one half holds, then an honest window that comes to need more than the other. */
  function planted() {
    const context = contextFor();
    const { state } = context;
    foldOne(context, START_MS);
    const outcomes = [...Array(2_000).keys()].map((day) => {
      return foldOne(context, START_MS + (1 + day) * DAY_MS, START_MS + 1);
    });
    const held = state.windows.size;
    for (let at = 0; at < 3_000; at++) {
      expect(foldOne(context, START_MS + (at % 10) * SECOND_MS, START_MS + 40_000)).toBe('applied');
    }
    return { context, outcomes, held };
  }

  it('what finds no room is late, and what has found it makes room, the newest first', () => {
    const { context, outcomes, held } = planted();
    const applied = outcomes.filter((outcome) => outcome === 'applied').length;
    expect(outcomes.lastIndexOf('applied')).toBe(applied - 1);
    expect(held).toBe(applied + 1);

    const { state, outputs } = context;
    const barredFromMs = (state.bars[0] as Bar).fromMs;
    const kept = [...state.windows.keys()].filter((startMs) => startMs > START_MS + DAY_MS / 2);
    expect(kept.length).toBeLessThan(applied);
    expect(Math.max(...kept)).toBeLessThan(barredFromMs);
    // No honest window has closed: the detector has seen nothing.
    expect(state.detector).toBeNull();
    // Each is published as it stands, unscored, before its time; the honest ones are not.
    const rows = [...outputs.rows.keys()];
    expect(rows).toHaveLength(applied - kept.length);
    expect(
      rows.every(
        ({ rev, score, startMs }) => rev === 1 && score === null && startMs >= barredFromMs,
      ),
    ).toBe(true);
  });

  it('what comes later for one that made room is late, until its time is over', () => {
    const { context } = planted();
    const [bar] = context.state.bars as readonly [Bar];
    const last = context.state.bars.at(-1) as Bar;

    expect(foldOne(context, bar.fromMs + 1, START_MS + 41_000)).toBe('late');
    foldOne(context, last.toMs + 70_000);
    expect(context.state.bars).toEqual([]);
  });

  it('bars are in the item, which older code then does not touch', () => {
    const { context } = planted();
    const { state, definition } = context;
    const item = encodeState(
      { ...state, version: 1 },
      { key, definition, retentionMs: DAY_MS, dueMs: null },
    );

    expect(item.v).toBe(3);
    expect(decodeState(item, definition).bars).toEqual(state.bars);
  });
});

test('a new definition counts from the next border on, whatever a fast clock has opened', () => {
  const context = contextFor();
  const aheadMs = START_MS + 300 * DAY_MS;
  foldOne(context, START_MS);
  foldOne(context, aheadMs, START_MS + 1);
  const { state, definition } = context;
  const item = encodeState(
    { ...state, version: 1 },
    { key, definition, retentionMs: DAY_MS, dueMs: null },
  );

  const next = contextFor({ window: { type: 'tumbling', size: '7s' } });
  const later = { ...next, state: decodeState(item, { ...next.definition, number: 2 }) };

  expect(later.state.retired?.rows.map(({ startMs }) => startMs)).toEqual([START_MS, aheadMs]);
  expect(foldOne(later, START_MS + 9_000)).toBe('late');
  expect(foldOne(later, START_MS + 30_000)).toBe('applied');
  // Its window overlaps the one that the old definition has published.
  expect(foldOne(later, aheadMs, START_MS + 31_000)).toBe('late');
  expect(foldOne(later, aheadMs + 20_000, START_MS + 31_000)).toBe('applied');
});

test('a tick closes nothing of what is ahead', () => {
  const context = contextFor();
  foldOne(context, START_MS);
  foldOne(context, START_MS + DAY_MS, START_MS);
  foldTick(context, START_MS + HOUR_MS);
  expect([...context.outputs.rows.keys()].map(({ startMs }) => startMs)).toEqual([START_MS]);
});

describe('bars', () => {
  const bar = (fromMs: number, toMs: number): Bar => ({ fromMs, toMs });

  test.each<[string, Bar[], Bar, Bar[]]>([
    ['the first', [], bar(5, 6), [bar(5, 6)]],
    ['before another', [bar(5, 6)], bar(1, 2), [bar(1, 2), bar(5, 6)]],
    ['that touches becomes one with it', [bar(5, 6)], bar(6, 9), [bar(5, 9)]],
    ['that lies within changes nothing', [bar(5, 9)], bar(6, 7), [bar(5, 9)]],
    ['that closes a gap', [bar(1, 2), bar(3, 4)], bar(2, 3), [bar(1, 4)]],
  ])('%s', (_, bars, added, expected) => {
    expect(addBar(bars, added)).toEqual(expected);
  });

  test('of more than are kept the two latest become one', () => {
    let bars: readonly Bar[] = [];
    for (let at = 0; at <= BARS_MAX; at++) bars = addBar(bars, bar(at * 10, at * 10 + 1));
    expect(bars).toHaveLength(BARS_MAX);
    expect(bars.slice(-2)).toEqual([bar(300, 301), bar(310, 321)]);
  });
});
