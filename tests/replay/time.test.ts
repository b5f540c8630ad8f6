/** What ordinary and hostile clocks and silences do to the live path, from the stream to the incidents. */
import { createChoices } from '../helper/random';
import { type Replayed, replayed, type Sent } from '../helper/replayed';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 2, 2);
jest.setTimeout(120_000);

/** A pipeline of one metric over `v` of each series `s` at `t`. */
function pipelineOf(settings: Record<string, unknown>) {
  const metric = { series: ['s'], time: 't', value: 'v', aggregates: ['count', 'mean', 'sum'] };
  return { version: 1, metrics: { m: { ...metric, ...settings } } };
}

/** An event `eventMs` after the start that arrives `heldMs` later. */
function sent(eventMs: number, v = 1, heldMs = 150): Sent {
  const json = { s: 'till 4', t: START_MS + eventMs, v };
  return { arrivalMs: START_MS + eventMs + heldMs, partitionKey: 'till 4', json };
}

function every(stepMs: number, fromMs: number, toMs: number, value: (ms: number) => number) {
  const found: Sent[] = [];
  for (let ms = fromMs; ms < toMs; ms += stepMs) found.push(sent(ms, value(ms)));
  return found;
}

function scored({ rows }: Replayed) {
  return rows.filter(({ score }) => score !== null).map(({ startMs }) => startMs - START_MS);
}

function spans({ incidents }: Replayed) {
  return incidents.map(({ openedMs, state }) => ({ afterMs: openedMs - START_MS, state }));
}

describe('given about 60 orders an hour, and seventeen times as many in one of them', () => {
  const BUSY_HOUR = 61;
  /** Exponential gaps: two quiet minutes come a dozen times an hour. */
  function orders(): Sent[] {
    const choices = createChoices(20_260_302);
    const found: Sent[] = [];
    for (let ms = 0; ms < 96 * HOUR_MS; ) {
      const meanMs = Math.floor(ms / HOUR_MS) === BUSY_HOUR ? MINUTE_MS / 17 : MINUTE_MS;
      ms += Math.ceil(-Math.log(1 - choices.next()) * meanMs);
      found.push(sent(ms, 20));
    }
    return found;
  }

  it('finds one incident, at that hour, and revises nothing', async () => {
    const sentOrders = orders();
    const run = await replayed(
      sentOrders,
      pipelineOf({ window: { type: 'tumbling', size: '1h' }, detect: { on: 'count' } }),
    );

    expect(spans(run)).toEqual([{ afterMs: BUSY_HOUR * HOUR_MS, state: 'recovered' }]);
    const { applied, late, revised } = run.accounting;
    expect({ applied, late, revised }).toEqual({
      ...{ applied: sentOrders.length, late: 0, revised: 0 },
    });
  });
});

describe('given records that are held up', () => {
  it('takes all that outOfOrderness covers, however quiet the series is', async () => {
    // One in ten is seven minutes behind, and between them nothing comes for three minutes.
    const readings = every(3 * MINUTE_MS, 0, 20 * HOUR_MS, () => 1).map((each, index) =>
      index % 10 === 7 ? { ...each, arrivalMs: each.arrivalMs + 7 * MINUTE_MS } : each,
    );
    const run = await replayed(
      readings,
      pipelineOf({ window: { type: 'tumbling', size: '5m' }, outOfOrderness: '10m' }),
    );

    expect(run.accounting).toMatchObject({ applied: readings.length, late: 0, revised: 0 });
  });

  it('fills a day to its end, whatever silences are in it', async () => {
    const orders = every(10 * MINUTE_MS, 0, 2 * DAY_MS, () => 1);
    const heldUp = [sent(DAY_MS - MINUTE_MS, 1, 10 * MINUTE_MS + 1)];
    const run = await replayed(
      [...orders, ...heldUp],
      pipelineOf({ window: { type: 'tumbling', size: '1d' }, outOfOrderness: '15m' }),
    );

    expect(run.rows.map(({ rev, late, values }) => [rev, late, values.count])).toEqual([
      [1, 0, 145],
      [1, 0, 144],
    ]);
  });

  it.each([
    ['alone', []],
    ['among others', every(30 * SECOND_MS, HOUR_MS + 40_000, HOUR_MS + 3 * MINUTE_MS, () => 1)],
  ])('judges one of three minutes %s the same', async (_, others) => {
    const settings = {
      ...{ window: { type: 'tumbling', size: '1h' }, outOfOrderness: '10s' },
      allowedLateness: '30m',
    };
    const heldUp = sent(HOUR_MS - 10_000, 1, 3 * MINUTE_MS + 10_000);
    const readings = [sent(5_000), sent(30 * MINUTE_MS), sent(HOUR_MS + 15_000), ...others, heldUp];

    const { rows } = await replayed([...readings, sent(2 * HOUR_MS)], pipelineOf(settings));

    expect(rows[0]).toMatchObject({ rev: 2, late: 1, values: { count: 3 } });
  });
});

describe('given a clock that is 59 s ahead', () => {
  const SPIKE = { fromMs: 40 * MINUTE_MS, toMs: 44 * MINUTE_MS };
  const honest = every(2 * SECOND_MS, 0, HOUR_MS, (ms) =>
    ms >= SPIKE.fromMs && ms < SPIKE.toMs ? 470 : 10 + (ms % 7) / 10,
  );
  /** Two a minute, of a value like any other: each would end two windows before their time. */
  const fast = every(30 * SECOND_MS, 10 * MINUTE_MS, HOUR_MS, () => 10.3).map((each) => ({
    ...each,
    arrivalMs: each.arrivalMs - 59_000,
  }));
  const pipeline = pipelineOf({
    ...{ window: { type: 'tumbling', size: '30s' }, detect: { on: 'mean' } },
  });

  it('finds the same incident as without it, and scores the same windows', async () => {
    const [alone, together] = [
      await replayed(honest, pipeline),
      await replayed([...honest, ...fast], pipeline),
    ];

    expect(spans(alone)).toEqual([{ afterMs: SPIKE.fromMs, state: 'recovered' }]);
    expect(spans(together)).toEqual(spans(alone));
    expect(together.accounting).toMatchObject({ late: 0, revised: 0 });
    expect(scored(together)).toEqual(scored(alone));
  });
});

describe('given one record from far ahead among others', () => {
  const readings = every(5 * SECOND_MS, 0, 8 * MINUTE_MS, () => 1);
  const ahead = (aheadMs: number): Sent => ({
    ...sent(4 * MINUTE_MS + aheadMs, 1, 0),
    arrivalMs: START_MS + 4 * MINUTE_MS + 70,
  });
  const toYear2099 = Date.UTC(2099, 0, 1) - START_MS;

  it.each([
    ['73 years and the default', toYear2099, {}, { invalid: 1 }],
    ['73 years and an hour', toYear2099, { maxFutureSkew: '1h' }, { invalid: 1 }],
    ['73 years and a hundred years', toYear2099, { maxFutureSkew: '36500d' }, { invalid: 0 }],
    ['30 minutes and an hour', 30 * MINUTE_MS, { maxFutureSkew: '1h' }, { invalid: 0 }],
    ['59 seconds and the default', 59 * SECOND_MS, {}, { invalid: 0 }],
  ])('by %s of maxFutureSkew: all others are applied', async (_, aheadMs, settings, expected) => {
    const run = await replayed(
      [...readings, ahead(aheadMs)],
      pipelineOf({ window: { type: 'tumbling', size: '1m' }, ...settings }),
    );

    const { applied, late, invalid, revised } = run.accounting;
    expect({ applied, late, invalid, revised }).toEqual({
      ...{ applied: readings.length + 1 - expected.invalid, late: 0, revised: 0, ...expected },
    });
    // Its own window is closed too, when its time has come, and time gets there without a sweep a minute.
    expect(run.rows.reduce((sum, { values }) => sum + Number(values.count), 0)).toBe(applied);
    expect(run.sweeps).toBeLessThan(50);
  });
});

describe('given a reading a day for four years', () => {
  const readings = every(DAY_MS, 7 * HOUR_MS, 1_461 * DAY_MS, (ms) => (ms / DAY_MS) % 7);

  it.each([
    ['2m', 2],
    ['400d', 0.1],
  ])(
    'with an idleClose of %s a replay sweeps %d times a reading at the most',
    async (idleClose, sweeps) => {
      const run = await replayed(
        readings,
        pipelineOf({ window: { type: 'tumbling', size: '1d' }, idleClose }),
      );

      expect(run.rows).toHaveLength(1_461);
      expect(run.accounting).toMatchObject({ applied: 1_461, late: 0, revised: 0 });
      expect(run.sweeps).toBeLessThanOrEqual(sweeps * readings.length);
    },
  );
});

describe('given bursts and silences, a fast clock and a slow one', () => {
  function readings(): Sent[] {
    const choices = createChoices(7);
    const found: Sent[] = [];
    for (let ms = 0; ms < 2 * DAY_MS; ) {
      ms += choices.pick([SECOND_MS, 20 * SECOND_MS, 3 * MINUTE_MS, 40 * MINUTE_MS, 3 * HOUR_MS]);
      const heldMs = choices.pick([100, 100, 100, 90_000, 1_200_000]);
      found.push(sent(ms, choices.int(100), heldMs), sent(ms + 50 * SECOND_MS, 3, -49_000));
    }
    return found;
  }
  const pipeline = pipelineOf({
    ...{ window: { type: 'tumbling', size: '5m' }, detect: { on: 'sum' } },
  });

  it('a replay says what it would with a sweep each minute, and makes far fewer', async () => {
    const few = await replayed(readings(), pipeline);
    const each = await replayed(readings(), pipeline, { everyMinute: true });

    const { rows, incidents, accounting } = few;
    expect({ rows, incidents, accounting }).toEqual({
      ...{ rows: each.rows, incidents: each.incidents, accounting: each.accounting },
    });
    expect(each.sweeps).toBeGreaterThan(2 * 24 * 60);
    expect(few.sweeps).toBeLessThan(each.sweeps / 5);
  });
});
