import { forgetRefusal } from '@millrace/core/commit/marks';
import { encodeState, newState, tickableAtMs } from '@millrace/core/fold/codec';
import { defineMetric } from '@millrace/core/fold/definition';
import { carrierMark, inheritedMark, markBytes } from '@millrace/core/fold/marks';
import type { HeldWindow, SeriesState } from '@millrace/core/fold/state';
import { decodeState } from '@millrace/core/stored/decode-state';
import { oneMetric } from '../../../helper/metric';

const DAY_MS = 24 * 3_600_000;
const RETENTION_MS = DAY_MS;
const definition = defineMetric(oneMetric(), 7 * DAY_MS);
const key = { metric: 'm', partitionKey: 'p', series: 's' };
/** State time to live, retention, and the margin of seven days. */
const KEPT_MS = 7 * DAY_MS + RETENTION_MS + 7 * DAY_MS;

function stateWith(part: Partial<SeriesState>): SeriesState {
  return { ...newState(), version: 1, ...part };
}

function encode(state: SeriesState) {
  return encodeState(state, { key, definition, retentionMs: RETENTION_MS, dueMs: null });
}

function markAt(arrivalMs: number): SeriesState['marks'] {
  return new Map([['stream/shard', { sequence: '1', sub: 0, arrivalMs }]]);
}

describe('the schema version of an item', () => {
  test('a state that never refused for want of a mark is one that version 1 can read', () => {
    const item = encode(stateWith({ lastArrivalMs: 1 }));

    expect(item.v).toBe(1);
    expect(JSON.parse(String(item.body))).not.toHaveProperty('f');
  });

  test('a state that did is not: older code would lose the refusal and count the record again', () => {
    const item = encode(stateWith({ lastArrivalMs: 1, refusedMs: 5 }));

    expect(item.v).toBe(2);
    expect(decodeState(item, definition).refusedMs).toBe(5);
  });

  test('when the refusal is forgotten version 1 can read it again', () => {
    const state = stateWith({ lastArrivalMs: 1, refusedMs: 5 });
    forgetRefusal(state, 5 + RETENTION_MS + DAY_MS + 1, RETENTION_MS);

    expect(encode(state).v).toBe(1);
  });
});

describe('marks of carriers', () => {
  const mark = { sequence: '7', sub: 2, arrivalMs: 5 };
  const carried = carrierMark('a', 'stream/shard');
  const decoded = (body: object) => {
    const item = encode(stateWith({ lastArrivalMs: 1 }));
    const whole = { ...JSON.parse(String(item.body)), ...body };
    return decodeState({ ...item, body: JSON.stringify(whole) }, definition).marks;
  };

  test('a state with one is not for code that knows none: it would count its records again', () => {
    const marks = new Map([[carried, mark]]);
    const item = encode(stateWith({ lastArrivalMs: 1, marks }));

    expect(item.v).toBe(3);
    expect(decodeState(item, definition).marks).toEqual(marks);
  });

  test('a mark that such code left covers every carrier of its shard, beside the plain one', () => {
    const marks = decoded({ m: [['stream/shard', '7', 2, 5]], k: undefined });

    expect(marks).toEqual(
      new Map([
        ['stream/shard', mark],
        [inheritedMark(carried), mark],
      ]),
    );
    expect(inheritedMark('stream/shard')).toBe(inheritedMark(carried));
    // Such code may still read it: it finds the mark it knows.
    expect(encode(stateWith({ lastArrivalMs: 1, marks })).v).toBe(1);
  });

  test('where two do not fit for one, the one that covers all is kept', () => {
    const m = Array.from({ length: 300 }, (_, at) => [`stream/${at}`, '7', 2, 5]);
    const marks = decoded({ m, k: undefined });

    expect([...marks.keys()]).toEqual(m.map(([name]) => inheritedMark(String(name))));
    expect(encode(stateWith({ lastArrivalMs: 1, marks })).v).toBe(3);
  });

  test('a mark of code that knows carriers covers none', () => {
    expect(decoded({ m: [['stream/shard', '7', 2, 5]] })).toEqual(
      new Map([['stream/shard', mark]]),
    );
  });

  test.each([
    ['a carrier that looks like two', carrierMark('a#b', 's/c'), carrierMark('a', 'b#s/c')],
    ['a carrier named like the inherited', carrierMark('*', 's/c'), inheritedMark('s/c')],
    ['a carrier named like a mark', carrierMark('s/c', 's/c'), 's/c'],
    ['halves of a pair', carrierMark('\ud800', 's/c'), carrierMark('\udc00', 's/c')],
  ])('%s has a name of its own', (_, name, other) => {
    expect(name).not.toBe(other);
  });

  test.each(['a', '\u0001'.repeat(256), '\ud83d\ude00'.repeat(256), '\ud800'.repeat(256), '"#%'])(
    'the bytes of a mark are those of its JSON: carrier %#',
    (carrier) => {
      const name = carrierMark(carrier, 'stream/shardId-000000000000');
      const sequence = '4'.repeat(56);
      const json = JSON.stringify([name, sequence, 999_999, 1_700_000_000_000]);

      expect(Buffer.byteLength(`${json},`)).toBeLessThanOrEqual(markBytes(name, 56));
      expect(markBytes(name, 56)).toBeLessThan(3_300);
    },
  );
});

describe('forgetting a refusal', () => {
  test.each([
    ['at the end of the margin it is remembered', 0, 5],
    ['a millisecond later it is forgotten', 1, null],
  ])('%s', (_, laterMs, expected) => {
    const state = stateWith({ refusedMs: 5 });

    forgetRefusal(state, 5 + RETENTION_MS + DAY_MS + laterMs, RETENTION_MS);

    expect(state.refusedMs).toBe(expected);
  });
});

describe('the time to live of an item', () => {
  test.each<[string, Partial<SeriesState>, number | null]>([
    ['the last record of the series', { lastArrivalMs: 3 * DAY_MS }, 3 * DAY_MS],
    [
      'a newer refusal for want of a mark',
      { lastArrivalMs: DAY_MS, refusedMs: 9 * DAY_MS },
      9 * DAY_MS,
    ],
    [
      'a newer mark: of a record that was refused',
      { lastArrivalMs: DAY_MS, marks: markAt(9 * DAY_MS) },
      9 * DAY_MS,
    ],
    [
      'an older mark changes nothing',
      { lastArrivalMs: 3 * DAY_MS, marks: markAt(DAY_MS) },
      3 * DAY_MS,
    ],
    ['a mark alone: nothing was ever folded', { marks: markAt(9 * DAY_MS) }, 9 * DAY_MS],
    ['nothing at all', {}, null],
  ])('counts from %s', (_, part, fromMs) => {
    const expected = fromMs === null ? undefined : (fromMs + KEPT_MS) / 1000;

    expect(encode(stateWith(part)).ttl).toBe(expected);
  });
});

describe('the due entry of an item', () => {
  const SECOND_MS = 1000;
  const held = (startSeconds: number, rev: number): HeldWindow => ({
    startMs: startSeconds * SECOND_MS,
    endMs: (startSeconds + 60) * SECOND_MS,
    aggregate: definition.plan.create(),
    ...{ rev, late: 0, keys: null, score: null, anomaly: false, expected: null, incident: null },
  });
  const dueOf = (lastSeconds: number, windows: HeldWindow[], dueMs: number | null = null) => {
    const state = stateWith({
      lastArrivalMs: lastSeconds * SECOND_MS,
      windows: new Map(windows.map((window) => [window.startMs, window])),
    });
    const item = encodeState(state, { key, definition, retentionMs: RETENTION_MS, dueMs });
    return typeof item.due === 'number' ? item.due / SECOND_MS : null;
  };

  // Idle gap 120 s, out of orderness 10 s, margin 5 s.
  test.each<[string, number | null, number | null]>([
    ['no window is open: none', dueOf(0, [held(0, 1)]), null],
    ['the silence is over last', dueOf(100, [held(0, 0)]), 225],
    ['the window is over last', dueOf(0, [held(600, 0)]), 675],
    ['the oldest open one counts', dueOf(0, [held(0, 1), held(300, 0), held(9000, 0)]), 375],
    ['a stored entry stays while it is a lower bound', dueOf(100, [held(0, 0)], 130_000), 130],
    ['and moves when an older window has opened', dueOf(100, [held(0, 0)], 9_000_000), 225],
  ])('%s', (_, due, expected) => {
    expect(due).toBe(expected);
  });

  test('an item of older code, which does not say when a window is over, is due by its silence', () => {
    expect(tickableAtMs({ la: 1_000, idleMs: 120_000, due: 1 })).toBe(126_000);
  });
});

test('an outbox of older code is read: it owed an entry for each measurement', () => {
  const refused = { reason: 'late', detail: 'd', sequence: '7', sub: 3, arrivalMs: 5 };
  const out = { version: 1, shard: 'stream/shard', rows: [], incidents: [], quarantine: [refused] };
  const item = { ...encode(stateWith({ lastArrivalMs: 1 })), out: JSON.stringify(out) };

  expect(decodeState(item, definition).outbox?.quarantine).toEqual([
    { ...refused, count: 1, subs: [3] },
  ]);
});
