import {
  createEngine,
  createScheduler,
  type EngineEvent,
  type Handler,
  type Quiet,
  readTemplate,
} from '@millrace/engine';
import { parseSchedule } from '@millrace/engine/schedule/expression';

const START = '2026-11-21T12:00:30.000Z';
const START_MS = Date.parse(START);

/** The next times of an expression after the start, in ISO 8601 down to the minute. */
function times(expression: string, count: number, from = START): string[] {
  const schedule = parseSchedule(expression);
  const found: string[] = [];
  let afterMs = Date.parse(from);
  while (found.length < count) {
    const next = schedule.next(afterMs, Date.parse(from));
    if (next === null) break;
    found.push(new Date(next).toISOString().slice(0, 16));
    afterMs = next;
  }
  return found;
}

describe('cron', () => {
  it.each([
    ['cron(0 12 * * ? *)', ['2026-11-22T12:00', '2026-11-23T12:00']],
    [
      'cron(0/15 * * * ? *)',
      ['2026-11-21T12:15', '2026-11-21T12:30', '2026-11-21T12:45', '2026-11-21T13:00'],
    ],
    ['cron(1 * * * ? *)', ['2026-11-21T12:01', '2026-11-21T13:01']],
    ['cron(5,10 8-9 * * ? *)', ['2026-11-22T08:05', '2026-11-22T08:10', '2026-11-22T09:05']],
    ['cron(0 18 ? * MON-FRI *)', ['2026-11-23T18:00', '2026-11-24T18:00']],
    ['cron(0 0 1 JAN ? *)', ['2027-01-01T00:00', '2028-01-01T00:00']],
    [
      'cron(0 0 L * ? *)',
      ['2026-11-30T00:00', '2026-12-31T00:00', '2027-01-31T00:00', '2027-02-28T00:00'],
    ],
    ['cron(0 0 29 2 ? *)', ['2028-02-29T00:00', '2032-02-29T00:00']],
    // 15 August 2026 is a Saturday, 15 November a Sunday.
    ['cron(0 0 15W 8,11 ? 2027)', ['2027-08-16T00:00', '2027-11-15T00:00']],
    ['cron(0 0 ? * 6L *)', ['2026-11-27T00:00', '2026-12-25T00:00']],
    ['cron(0 0 ? * 2#1 *)', ['2026-12-07T00:00', '2027-01-04T00:00']],
    ['cron(0 0 ? * L *)', ['2026-11-28T00:00']],
    ['cron(0 0 1 1 ? 2020)', []],
  ])('%s: %j', (expression, expected) => {
    expect(times(expression, expected.length + 1).slice(0, expected.length)).toEqual(expected);
  });

  it('has no time left when its years are over', () => {
    expect(times('cron(0 0 1 1 ? 2020)', 1)).toEqual([]);
  });

  it.each([
    ['cron(0 12 * * *)', 'six cron fields'],
    ['cron(0 12 * * * *)', 'expected "?"'],
    ['cron(0 12 ? * ? *)', 'expected "?"'],
    ['cron(60 12 * * ? *)', 'minutes: expected values from 0 to 59'],
    ['cron(0 12 0 * ? *)', 'day-of-month'],
    ['cron(0 12 ? * MOON *)', 'day-of-week'],
    ['cron(0/0 12 * * ? *)', 'minutes'],
    ['cron(9-5 12 * * ? *)', 'minutes'],
    ['every minute', 'expected rate(…), cron(…) or at(…)'],
  ])('%s is refused: %s', (expression, message) => {
    expect(() => parseSchedule(expression)).toThrow(message);
  });
});

describe('rate', () => {
  it('counts from the start', () => {
    const schedule = parseSchedule('rate(5 minutes)');

    expect(schedule.next(START_MS, START_MS)).toBe(START_MS + 300_000);
    expect(schedule.next(START_MS + 300_000, START_MS)).toBe(START_MS + 600_000);
    expect(schedule.next(START_MS + 299_999, START_MS)).toBe(START_MS + 300_000);
  });

  it.each([
    'rate(1 minutes)',
    'rate(5 minute)',
    'rate(0 minutes)',
    'rate(1 second)',
    'rate(1.5 hours)',
  ])('%s is refused, as AWS does', (expression) => {
    expect(() => parseSchedule(expression)).toThrow('expected a rate such as');
  });
});

describe('at', () => {
  it('fires once', () => {
    expect(times('at(2026-12-01T00:00:00)', 2)).toEqual(['2026-12-01T00:00']);
    expect(() => parseSchedule('at(tomorrow)')).toThrow('expected at(');
  });
});

function play(event: Record<string, unknown>, handler: Handler, settings = {}, quiet?: Quiet) {
  const scheduler = createScheduler({ seed: 1, startMs: START_MS });
  const events: EngineEvent[] = [];
  const application = readTemplate(
    JSON.stringify({
      Resources: {
        Sweep: {
          Type: 'AWS::Serverless::Function',
          Properties: { Handler: 'handler.handler', ...settings, Events: { Tick: event } },
        },
      },
    }),
  );
  const engine = createEngine({
    application,
    handlers: { Sweep: handler },
    scheduler,
    streams: {},
    observe: (one) => events.push(one),
    invokeLatencyMs: [0, 0],
    ...(quiet && { quiet: { Sweep: quiet } }),
  });
  engine.start();
  const until = (seconds: number) => {
    const endMs = START_MS + seconds * 1_000;
    scheduler.at(endMs, () => {});
    return scheduler.run({ done: () => scheduler.nowMs >= endMs });
  };
  return { scheduler, engine, events, until };
}

const minutely = { Type: 'Schedule', Properties: { Schedule: 'rate(1 minute)' } };

describe('a schedule', () => {
  it('fires for as long as the engine runs, and never keeps it from being idle', async () => {
    const firedMs: number[] = [];
    const { scheduler, engine, until } = play(minutely, async () => {
      firedMs.push(scheduler.nowMs - START_MS);
    });

    expect(engine.idle).toBe(true);
    await until(301);
    engine.stop();
    await scheduler.run();

    expect(firedMs).toEqual([60_000, 120_000, 180_000, 240_000, 300_000]);
    expect(engine.stats.invocations).toEqual({ Sweep: 5 });
  });

  it.each([
    [
      'Schedule',
      minutely,
      {
        source: 'aws.events',
        resources: ['arn:aws:events:local:000000000000:rule/SweepTick'],
        detail: {},
      },
    ],
    [
      'ScheduleV2',
      { Type: 'ScheduleV2', Properties: { ScheduleExpression: 'rate(1 minute)' } },
      {
        source: 'aws.scheduler',
        resources: ['arn:aws:scheduler:local:000000000000:schedule/default/SweepTick'],
        detail: '{}',
      },
    ],
  ])('of type %s sends the event of its service', async (_, event, expected) => {
    let got: unknown;
    const { until } = play(event, async (given) => {
      got = given;
    });

    await until(61);

    expect(got).toEqual({
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'Scheduled Event',
      account: '000000000000',
      time: '2026-11-21T12:01:30Z',
      region: 'local',
      ...expected,
    });
  });

  it('sends its Input instead, with the placeholders of the scheduler filled', async () => {
    let got: unknown;
    const { until } = play(
      {
        Type: 'ScheduleV2',
        Properties: {
          ScheduleExpression: 'rate(1 minute)',
          Input: '{"at":"<aws.scheduler.scheduled-time>"}',
        },
      },
      async (given) => {
        got = given;
      },
    );

    await until(61);

    expect(got).toEqual({ at: '2026-11-21T12:01:30Z' });
  });

  it.each([
    { Type: 'Schedule', Properties: { Schedule: 'rate(1 minute)', Enabled: false } },
    { Type: 'Schedule', Properties: { Schedule: 'rate(1 minute)', State: 'DISABLED' } },
  ])('that is disabled never fires', async (event) => {
    const { scheduler, engine } = play(event, async () => {});

    await scheduler.run();

    expect(engine.stats.invocations).toEqual({ Sweep: 0 });
  });

  it('is tried twice more, after one and two minutes, when the function fails', async () => {
    const hourly = { Type: 'Schedule', Properties: { Schedule: 'rate(1 hour)' } };
    const firedMs: number[] = [];
    const { scheduler, until, engine } = play(hourly, async () => {
      firedMs.push(scheduler.nowMs - START_MS - 3_600_000);
      throw new Error('no');
    });

    await until(7_000);

    expect(firedMs).toEqual([0, 60_000, 180_000]);
    expect(engine.stats.failures).toEqual({ Sweep: 3 });
  });

  it('is tried again when the function is at its concurrency', async () => {
    const firedMs: number[] = [];
    const { scheduler, until, engine } = play(
      minutely,
      async () => {
        firedMs.push(scheduler.nowMs - START_MS);
        await scheduler.clock.sleep(62_500);
      },
      { ReservedConcurrentExecutions: 1, Timeout: 300 },
    );

    await until(130);

    // The second, of 120 s, waits 1 s and 2 s for the first, which runs to 122.5 s.
    expect(firedMs).toEqual([60_000, 123_000]);
    expect(engine.stats.throttles).toEqual({ Sweep: 2 });
  });
});

describe('a schedule of a function that is known to be quiet', () => {
  /** Quiet until a moment, in milliseconds after the start, that a test may change. */
  function quietUntil(afterMs: number) {
    const watchers: (() => void)[] = [];
    let untilMs = START_MS + afterMs;
    const quiet: Quiet = {
      untilMs: () => untilMs,
      watch: (changed) => watchers.push(changed),
    };
    const change = (laterMs: number) => {
      untilMs = START_MS + laterMs;
      for (const changed of watchers) changed();
    };
    return { quiet, change };
  }

  function fired(afterMs: number) {
    const firedMs: number[] = [];
    const known = quietUntil(afterMs);
    const handler = async () => {
      firedMs.push(stage.scheduler.nowMs - START_MS);
    };
    const stage = play(minutely, handler, {}, known.quiet);
    return { ...stage, ...known, firedMs };
  }

  it.each([
    { quietMs: 180_001, first: 240_000 },
    { quietMs: 180_000, first: 180_000 },
    { quietMs: Number.NEGATIVE_INFINITY, first: 60_000 },
  ])('until $quietMs ms fires first at $first, in the beat it would have had', async (given) => {
    const { until, firedMs } = fired(given.quietMs);

    await until(241);

    expect(firedMs[0]).toBe(given.first);
    expect(firedMs.at(-1)).toBe(240_000);
  });

  it('for ten years costs nothing until then', async () => {
    const tenYearsMs = 3_652 * 86_400_000;
    const { until, events, firedMs } = fired(tenYearsMs);

    await until(tenYearsMs / 1000 + 30);

    expect(firedMs).toEqual([tenYearsMs]);
    expect(events.filter(({ kind }) => kind === 'schedule')).toHaveLength(1);
  });

  it('for good never fires, until that changes', async () => {
    const { until, change, firedMs } = fired(Number.POSITIVE_INFINITY);
    await until(600);
    expect(firedMs).toEqual([]);

    change(610_000);
    await until(661);

    expect(firedMs).toEqual([660_000]);
  });

  it('fires earlier when there is something to do earlier, and not when there no longer is', async () => {
    const { until, change, firedMs } = fired(900_000);
    await until(30);
    change(100_000);
    await until(90);
    change(400_000);
    await until(421);

    expect(firedMs).toEqual([420_000]);
  });
});
