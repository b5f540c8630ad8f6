import {
  type BreakerState,
  CLOSED,
  claimed,
  closed,
  opened,
  permitAt,
} from '@millrace/adapters/breaker/state';

const START_MS = 1_000_000;

describe('the state of a breaker', () => {
  const by = { owner: 'a', nowMs: START_MS };

  test.each([
    [1, 10_000],
    [2, 20_000],
    [3, 40_000],
    [5, 160_000],
    [6, 300_000],
    [60, 300_000],
  ])('opened %i times in a row, the pause is %i ms', (times, pauseMs) => {
    let state = CLOSED;
    for (let n = 0; n < times; n++) state = opened(state, { ...by, random: 0 });

    expect(state).toMatchObject({ state: 'open', fails: times, ver: times });
    expect(state.untilMs - START_MS).toBe(pauseMs);
  });

  test('chance shortens a pause by a fifth at most', () => {
    const { untilMs } = opened(CLOSED, { ...by, random: 0.999_999 });

    expect(untilMs - START_MS).toBe(8_001);
  });

  test.each<[string, BreakerState, number, string]>([
    ['closed', CLOSED, 0, 'call'],
    ['open, in its pause', opened(CLOSED, { ...by, random: 0 }), 9_999, 'wait'],
    ['open, after its pause', opened(CLOSED, { ...by, random: 0 }), 10_000, 'claim'],
    ['half-open, in its lease', claimed(CLOSED, { ...by, leaseMs: 500 }), 499, 'wait'],
    ['half-open, after its lease', claimed(CLOSED, { ...by, leaseMs: 500 }), 500, 'claim'],
    ['closed again', closed(opened(CLOSED, { ...by, random: 0 }), 'a'), 1, 'call'],
  ])('%s', (_name, state, afterMs, permit) => {
    expect(permitAt(state, START_MS + afterMs)).toBe(permit);
  });
});
