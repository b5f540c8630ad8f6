import { PoisonError } from '@millrace/core/error';
import { newState } from '@millrace/core/fold/codec';
import { defineMetric } from '@millrace/core/fold/definition';
import { fold, foldTick } from '@millrace/core/fold/fold';
import { noOutputs } from '@millrace/core/fold/output';
import type { FoldContext } from '@millrace/core/fold/publish';
import type { Measurement } from '@millrace/core/record/record';
import { oneMetric } from '../../../helper/metric';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

function contextFor(overrides: Record<string, unknown> = {}): FoldContext {
  const definition = defineMetric(oneMetric(overrides), 7 * DAY);
  const key = { metric: 'm', partitionKey: 'p', series: 's' };
  return { definition, key, state: newState(), outputs: noOutputs() };
}

function at(context: FoldContext, eventMs: number, value = 1, dedupeKey: string | null = null) {
  const { metric } = context.definition;
  const measurement: Measurement = {
    kind: 'measurement',
    metric,
    series: 's',
    eventMs,
    inputs: [value],
    dedupeKey,
  };
  return { measurement, eventMs };
}

/** Folds (event second, arrival second) pairs; arrival defaults to the event. */
function foldAll(context: FoldContext, seconds: readonly (number | [number, number])[]) {
  return seconds.map((each) => {
    const [event, arrival] = typeof each === 'number' ? [each, each] : each;
    return fold(context, at(context, event * 1000).measurement, arrival * 1000);
  });
}

function rows(context: FoldContext) {
  return [...context.outputs.rows.keys()].map((w) => ({
    start: w.startMs / 1000,
    rev: w.rev,
    late: w.late,
    count: context.definition.plan.results(w.aggregate, MINUTE).count,
  }));
}

describe('windows and the watermark', () => {
  // 0s        60s   70s
  // |---------|-----|    out of orderness 10 s: the window [0, 60) closes at event 70
  test('a window is published when the watermark reaches its end, not before', () => {
    const context = contextFor();

    foldAll(context, [0, 59, 69]);
    expect(rows(context)).toEqual([]);

    foldAll(context, [70]);
    expect(rows(context)).toEqual([{ start: 0, rev: 1, late: 0, count: 2 }]);
  });

  test('the watermark never goes back', () => {
    const context = contextFor();
    foldAll(context, [200, 150]);
    expect(context.state.watermarkMs).toBe(190_000);
  });

  test('a record for a published window within its lateness is applied and raises rev', () => {
    const context = contextFor();
    expect(foldAll(context, [0, 70, 30, 40])).toEqual(['applied', 'applied', 'applied', 'applied']);
    expect(rows(context)).toEqual([{ start: 0, rev: 3, late: 2, count: 3 }]);
    expect(context.state.counters.revised).toBe(2);
  });

  // watermark 120 s = end 60 s + lateness 60 s: over
  test('a record whose window and lateness are over is late and changes no row', () => {
    const context = contextFor();
    expect(foldAll(context, [0, 130, 59])).toEqual(['applied', 'applied', 'late']);
    expect(rows(context)).toEqual([{ start: 0, rev: 1, late: 0, count: 1 }]);
    expect(context.state.counters).toMatchObject({ applied: 2, late: 1 });
  });

  test('a window first created behind the watermark is published at once as rev 1 with late', () => {
    const context = contextFor();
    foldAll(context, [129, 30]);
    expect(rows(context)).toEqual([{ start: 0, rev: 1, late: 1, count: 1 }]);
    expect(context.state.counters.revised).toBe(0);
  });

  test('negative event times fall into windows aligned to the epoch', () => {
    const context = contextFor();
    foldAll(context, [
      [-1, 0],
      [70, 70],
    ]);
    expect(rows(context)).toEqual([{ start: -60, rev: 1, late: 0, count: 1 }]);
  });
});

describe('duplicates', () => {
  const dedupe = { by: 'eventId', path: 'id' };

  test('the same key in the same window is a duplicate while the window is held', () => {
    const context = contextFor({ dedupe });
    const outcomes = ['a', 'a', 'b', null, null].map((key) =>
      fold(context, at(context, 1000, 1, key).measurement, 1000),
    );
    expect(outcomes).toEqual(['applied', 'duplicate', 'applied', 'applied', 'applied']);
  });

  test.each([
    [undefined, 256],
    [1, 1],
    [300, 300],
    [4096, 4096],
  ])(
    'with "remember" %p the latest %i keys are remembered; what pushes one out is counted',
    (remember, kept) => {
      const context = contextFor({ dedupe: { ...dedupe, remember } });
      const send = (key: number) =>
        fold(context, at(context, 1000, 1, `k${key}`).measurement, 1000);
      for (let key = 0; key < kept + 44; key++) send(key);

      expect([send(44), send(kept + 43)]).toEqual(['duplicate', 'duplicate']);
      expect(context.state.counters.dedupeOverflow).toBe(44);
      expect(send(43)).toBe('applied');
      expect(context.state.counters.dedupeOverflow).toBe(45);
    },
  );
});

describe('a clock that runs ahead', () => {
  // A fast clock's record of second 75 comes at second 16: the watermark is 6, not 65.
  test('its record is applied, and closes nothing before the arrival does', () => {
    const context = contextFor();
    expect(foldAll(context, [0, [75, 16], 59])).toEqual(['applied', 'applied', 'applied']);
    expect(context.state.watermarkMs).toBe(49_000);
    expect(rows(context)).toEqual([]);

    foldAll(context, [70]);
    expect(rows(context)).toEqual([{ start: 0, rev: 1, late: 0, count: 2 }]);
  });

  test('a window planted a hundred years ahead is held, and the others go on without it', () => {
    const context = contextFor({ maxFutureSkew: '36500d' });
    const planted = (36_500 * DAY) / 1000;
    foldAll(context, [0, [planted, 1], 70, 140]);
    expect(rows(context).map(({ start }) => start)).toEqual([0, 60]);
    expect(context.state.windows.get(Math.floor(planted / 60) * MINUTE)?.rev).toBe(0);
  });
});

describe('idle close', () => {
  // idle 2 min, window 1 h, out of orderness 10 s
  // 0                               1 h       1 h 10 s
  // |-x--(5 min of silence)--x------|---------|
  test('a window that is still running when the silence ends stays open', () => {
    const context = contextFor({ window: { type: 'tumbling', size: '1h' } });
    foldAll(context, [0, 300, 900, 3599]);
    foldTick(context, 3_614_999);
    expect(rows(context)).toEqual([]);
    expect(context.state.watermarkMs).toBe(3_589_000);
  });

  test('it closes the windows whose time is over and leaves the newest, when that still runs', () => {
    const context = contextFor({ outOfOrderness: '100s' });
    foldAll(context, [0, 61, [121, 61]]);
    foldAll(context, [[125, 270]]);
    // 270 − 100: past the ends 60 and 120, before 180.
    expect(rows(context).map(({ start }) => start)).toEqual([0, 60]);
    expect(context.state.watermarkMs).toBe(170_000);
  });

  test('an arrival gap of idleClose closes open windows before the record is judged', () => {
    const context = contextFor();
    foldAll(context, [0, [59, 120]]);
    expect(rows(context)).toEqual([{ start: 0, rev: 2, late: 1, count: 2 }]);
    expect(context.state.watermarkMs).toBe(60_000);
  });

  test('a gap below idleClose closes nothing', () => {
    const context = contextFor();
    foldAll(context, [0, [59, 119]]);
    expect(rows(context)).toEqual([]);
  });

  test('late and duplicate records advance the arrival clock too', () => {
    const context = contextFor();
    foldAll(context, [0, 130, [59, 200], [140, 319]]);
    expect(rows(context)).toHaveLength(1);
    expect(context.state.lastArrivalMs).toBe(319_000);
  });

  test.each([
    { silentMs: 124_999, rows: 0 },
    { silentMs: 125_000, rows: 1 },
  ])(
    'a tick after $silentMs ms of silence publishes $rows rows',
    ({ silentMs, rows: expected }) => {
      const context = contextFor();
      foldAll(context, [0]);
      foldTick(context, silentMs);
      expect(rows(context)).toHaveLength(expected);
      expect(context.state.lastArrivalMs).toBe(0);
    },
  );

  // End 1 h + out of orderness 10 s + margin 5 s
  test.each([
    { tickMs: 3_614_999, rows: 0, watermarkMs: -10_000 },
    { tickMs: 3_615_000, rows: 1, watermarkMs: 3_600_000 },
  ])('a tick at $tickMs closes $rows windows of an hour', (expected) => {
    const context = contextFor({ window: { type: 'tumbling', size: '1h' } });
    foldAll(context, [0]);
    foldTick(context, expected.tickMs);
    expect(rows(context)).toHaveLength(expected.rows);
    // Where it closes nothing it leaves no trace.
    expect(context.state.watermarkMs).toBe(expected.watermarkMs);
  });

  test('what a tick closes, a record whose stamp steps back by the margin closes as well', () => {
    const results = [true, false].map((ticked) => {
      const context = contextFor({ outOfOrderness: '120s' });
      foldAll(context, [0]);
      // 184 − 120 is past the end at 60, but 179 − 120 is not.
      if (ticked) foldTick(context, 184_000);
      const outcome = foldAll(context, [[10, 179]]);
      return { outcome, rows: rows(context), watermarkMs: context.state.watermarkMs };
    });
    expect(results[0]).toEqual(results[1]);
  });
});

describe('poison', () => {
  test('a sum that would not be finite is refused and leaves the state as it was', () => {
    const context = contextFor();
    fold(context, at(context, 0, 1e308).measurement, 0);
    const before = structuredClone(context.state.counters);

    expect(() => fold(context, at(context, 1, 1e308).measurement, 1)).toThrow(PoisonError);

    expect(context.state.counters).toEqual(before);
    expect(context.state.lastArrivalMs).toBe(0);
  });

  test('an event time whose window no date can show is refused', () => {
    const context = contextFor();
    const { measurement } = at(context, 8.64e15);
    expect(() => fold(context, measurement, 0)).toThrow(PoisonError);
    expect(context.state.lastArrivalMs).toBeNull();
  });

  test('a poison record after an idle gap does not even do the idle close', () => {
    const context = contextFor();
    fold(context, at(context, 0, 1e308).measurement, 0);

    expect(() => fold(context, at(context, 1, 1e308).measurement, 500_000)).toThrow(PoisonError);

    expect(rows(context)).toEqual([]);
    expect(context.state.watermarkMs).toBe(-10_000);
  });

  test('a poison record after an idle gap that is a duplicate is one: it would not be added', () => {
    const context = contextFor({ dedupe: { by: 'eventId', path: 'id' } });
    fold(context, at(context, 0, 1e308, 'a').measurement, 0);

    expect(fold(context, at(context, 1, 1e308, 'a').measurement, 125_000)).toBe('duplicate');
    expect(context.state.lastArrivalMs).toBe(125_000);
  });
});

describe('expiry', () => {
  test('a series silent for longer than its state is kept starts a new life behind a high watermark', () => {
    const context = contextFor();
    const arrivalMs = 8 * DAY;
    foldAll(context, [0]);

    const straggler = fold(context, at(context, 30_000).measurement, arrivalMs);

    expect(straggler).toBe('late');
    expect(rows(context)).toEqual([{ start: 0, rev: 1, late: 0, count: 1 }]);
    expect(context.state.watermarkMs).toBe(arrivalMs - 7 * DAY + 3 * MINUTE);
    expect(context.state.windows.size).toBe(0);
  });

  test('the new life does not begin ahead of what arrives, and takes along what is not over', () => {
    const context = contextFor({ maxFutureSkew: '36500d' });
    const arrival = 8 * 86_400;
    const planted = 30 * 86_400;
    foldAll(context, [0, [planted, 1]]);

    expect(foldAll(context, [arrival, arrival + 70])).toEqual(['applied', 'applied']);

    expect(rows(context).map(({ start }) => start)).toEqual([0, arrival]);
    expect(foldAll(context, [[planted + 1, arrival + 70]])).toEqual(['applied']);
    expect(context.state.windows.get(planted * 1000)).toMatchObject({ rev: 0 });
  });
});
