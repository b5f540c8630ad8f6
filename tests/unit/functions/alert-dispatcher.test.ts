import type { IncidentOutput } from '@millrace/core/fold/state';
import { createAlertStage, MINUTE_MS, START_MS, transitionItem } from '../../helper/alert-stage';

type Step = Pick<IncidentOutput, 'phase' | 'severity'> & { opened: number; window: number };

const KEY = { metric: 'cpu', partitionKey: 'p', series: 'a' };
const open = (minute: number, severity: Step['severity'] = 'warning'): Step => ({
  ...{ phase: 'open', severity },
  opened: minute,
  window: minute,
});
const worse = (opened: number, window: number, severity: Step['severity']): Step => ({
  ...{ phase: 'ongoing', severity, opened, window },
});
const over = (opened: number, window: number): Step => ({
  ...{ phase: 'recovered', severity: 'critical', opened, window },
});

/** Cooldown 15 minutes, from warning on. */
const CASES: readonly [string, readonly Step[], readonly number[]][] = [
  ['an opening at the least severity', [open(0)], [0]],
  ['an opening below it', [open(0, 'info')], []],
  ['an incident that gets worse, told of already', [open(0), worse(0, 20, 'critical')], [0]],
  ['an incident that gets worse, not told of', [open(0, 'info'), worse(0, 3, 'warning')], [3]],
  ['a recovery', [open(0, 'info'), over(0, 5)], []],
  ['the next incident within the cooldown', [open(0), over(0, 3), open(14)], [0]],
  ['the next incident right after the cooldown', [open(0), over(0, 3), open(15)], [0, 15]],
  ['a cooldown that counts from the last alert', [open(0), open(10), open(16)], [0, 16]],
  [
    'a suppressed incident that is worse later',
    [open(0), open(10), worse(10, 16, 'critical')],
    [0, 16],
  ],
];

async function alertsOf(stage: ReturnType<typeof createAlertStage>, steps: readonly Step[]) {
  for (const step of steps) await stage.results.put(transitionItem(KEY, step));
  await stage.run();
  return stage.messages.map(
    ({ body }) => (Date.parse(JSON.parse(body).window) - START_MS) / MINUTE_MS,
  );
}

describe('who is told of what', () => {
  test.each(CASES)('%s', async (_name, steps, expected) => {
    const stage = createAlertStage();

    expect(await alertsOf(stage, steps)).toEqual(expected);
    expect(stage.problems).toEqual([]);
  });

  test('a metric without `alert` tells nobody', async () => {
    expect(await alertsOf(createAlertStage({ alert: null }), [open(0, 'critical')])).toEqual([]);
  });

  test('a metric that is no longer in the pipeline tells nobody', async () => {
    const stage = createAlertStage();
    await stage.results.put(transitionItem({ ...KEY, metric: 'gone' }, open(0, 'critical')));

    expect(await alertsOf(stage, [])).toEqual([]);
    expect(stage.problems).toEqual([]);
  });

  test('series, and partition keys of one series, cool down on their own', async () => {
    const stage = createAlertStage();
    for (const other of [{ series: 'b' }, { partitionKey: 'q' }]) {
      await stage.results.put(transitionItem({ ...KEY, ...other }, open(1)));
    }

    expect(await alertsOf(stage, [open(0)])).toHaveLength(3);
  });

  test('a row is not delivered', async () => {
    const stage = createAlertStage();
    await stage.results.put({ pk: 'R#cpu#a', sk: 'x', body: '{}' });

    await stage.run();

    expect(stage.events).toEqual([]);
  });
});

describe('message', () => {
  test('says what happened, to people, to programs and to filters', async () => {
    const stage = createAlertStage();
    const critical: string[] = [];
    const warnings: string[] = [];
    stage.topic.subscribe(({ id }) => critical.push(id), { severity: ['critical'] });
    stage.topic.subscribe(({ id }) => warnings.push(id), { severity: ['warning', 'info'] });

    await alertsOf(stage, [open(0, 'critical')]);

    const [message] = stage.messages;
    const id = 'cpu#a#p#2026-11-21T12:00:00.000Z#2026-11-21T12:00:00.000Z#open';
    expect(message?.id).toBe(id);
    expect(message?.subject).toBe('critical: cpu of a: 42, expected 1 to 9');
    expect(message?.attributes).toEqual({ severity: 'critical', metric: 'cpu', series: 'a' });
    expect(JSON.parse(message?.body ?? '')).toEqual({
      id,
      incident: 'cpu#a#p#2026-11-21T12:00:00.000Z',
      metric: 'cpu',
      series: 'a',
      state: 'open',
      severity: 'critical',
      opened: '2026-11-21T12:00:00.000Z',
      window: '2026-11-21T12:00:00.000Z',
      score: 5,
      observed: 42,
      expected: { low: 1, high: 9 },
      reason: '42 is far above 1 to 9',
    });
    expect([critical, warnings]).toEqual([[id], []]);
  });
});

describe('control items', () => {
  test('lie under the prefixes of the permission, and expire', async () => {
    const stage = createAlertStage();
    await alertsOf(stage, [open(0)]);

    const { items } = await stage.control.scan();

    expect(items.map(({ pk }) => pk.split('#')[0]).sort()).toEqual(['IDEM', 'K']);
    expect(items.find(({ pk }) => pk.startsWith('IDEM'))).toMatchObject({
      sk: '-',
      status: 'COMPLETED',
      data: 'true',
    });
    for (const { ttl } of items) expect(Number(ttl) * 1000).toBeGreaterThan(START_MS);
  });
});

describe('a transition that cannot be read', () => {
  test.each([
    ['no JSON', '{'],
    ['not an incident', '{"id":1}'],
    ['null', 'null'],
    [
      'no severity we know',
      '{"id":"i","phase":"open","severity":"worst","windowMs":1,"openedMs":1}',
    ],
    [
      'an impossible time',
      '{"id":"i","phase":"open","severity":"info","windowMs":1e300,"openedMs":1}',
    ],
  ])('%s: is said, and holds up nothing', async (_name, body) => {
    const stage = createAlertStage();
    await stage.results.put({ pk: 'A#cpu#a', sk: 'x#=p#y#open', body });

    expect(await alertsOf(stage, [open(0)])).toEqual([0]);
    expect(stage.problems).toHaveLength(1);
  });
});
