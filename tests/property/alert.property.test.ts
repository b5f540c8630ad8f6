/**
 * Processes that die before, between and after publishing; messages that land late; an outage: every
 * alert reaches the topic, none that is no alert does, and who drops known ids sees each once.
 */
import type { SeriesKey } from '@millrace/core/fold/key';
import type { IncidentOutput } from '@millrace/core/fold/state';
import { createAlertStage, MINUTE_MS, START_MS, transitionItem } from '../helper/alert-stage';
import type { FaultRates } from '../helper/faults';
import { type Choices, createChoices } from '../helper/random';
import { seedsFrom, underSeed } from '../helper/seeds';

const SEEDS = seedsFrom({ first: 1, count: 24 });
const COOLDOWN_MINUTES = 15;
const MINUTES = 600;
const RATES: FaultRates = {
  unlucky: 0.5,
  crash: 0.12,
  unavailable: 0.05,
  falseConflict: 0.05,
  slow: 0.03,
  outage: true,
};

type Step = { key: SeriesKey; opened: number; window: number } & Pick<
  IncidentOutput,
  'phase' | 'severity'
>;

const SEVERITIES = ['info', 'warning', 'critical'] as const;

/** Incidents of a few series, one after the other in each, all series mixed in time. */
function generate(choices: Choices): Step[] {
  const steps: Step[] = [];
  for (const partitionKey of ['p', 'q']) {
    for (const series of ['a', 'b#%', '']) {
      const key = { metric: 'cpu', partitionKey, series };
      for (let at = choices.int(30); at < MINUTES; at += 1 + choices.skewed(60)) {
        const opened = at;
        let rank = choices.int(3);
        steps.push({ key, opened, window: at, phase: 'open', severity: SEVERITIES[rank]! });
        for (let more = choices.int(3); more > 0; more--) {
          at += 1 + choices.skewed(25);
          rank = Math.min(2, rank + choices.int(2));
          steps.push({ key, opened, window: at, phase: 'ongoing', severity: SEVERITIES[rank]! });
        }
        at += 2;
        steps.push({ key, opened, window: at, phase: 'recovered', severity: SEVERITIES[rank]! });
      }
    }
  }
  return steps.sort((a, b) => a.window - b.window);
}

/** Written without looking at the dispatcher: one pass over each series. */
function expectedAlerts(steps: readonly Step[]): string[] {
  const told = new Map<string, { incident: number; at: number }>();
  const alerts: string[] = [];
  for (const { key, opened, window, phase, severity } of steps) {
    if (phase === 'recovered' || severity === 'info') continue;
    const name = JSON.stringify([key.series, key.partitionKey]);
    const last = told.get(name);
    if (last !== undefined && last.incident === opened) continue;
    if (last !== undefined && window - last.at < COOLDOWN_MINUTES) continue;
    told.set(name, { incident: opened, at: window });
    alerts.push(nameOf(key.series, opened, window, phase));
  }
  return alerts.sort();
}

function nameOf(series: string, opened: number, window: number, phase: string): string {
  return JSON.stringify([series, START_MS + opened * MINUTE_MS, window, phase]);
}

async function run(seed: number) {
  const steps = generate(createChoices(seed));
  const lastWindow = steps.at(-1)?.window ?? 0;
  const faultsUntilMs = START_MS + (lastWindow + 1) * MINUTE_MS;
  const stage = createAlertStage({ seed, rates: RATES, faultsUntilMs });
  for (const { key, ...at } of steps) {
    stage.scheduler.at(START_MS + at.window * MINUTE_MS, async () => {
      const row = { pk: `R#cpu#${key.series}`, sk: String(at.window), body: '{}' };
      await stage.results.put(row);
      const item = transitionItem(key, at);
      await stage.results.put(item, { kind: 'absent' });
      // The consumer writes an outbox again after a crash: create-once, so nothing is streamed.
      await stage.results.put(item, { kind: 'absent' });
    });
  }
  await stage.run();
  const published = stage.messages.length;
  const unique = new Map(stage.messages.map((message) => [message.id, message]));
  const seen = [...unique.values()].map(({ body }) => {
    const { series, opened, window, state } = JSON.parse(body);
    const minutes = (Date.parse(window) - START_MS) / MINUTE_MS;
    return JSON.stringify([series, Date.parse(opened), minutes, state]);
  });
  return { expected: expectedAlerts(steps), seen: seen.sort(), published, stage };
}

test('under crashes every alert is published, and a subscriber that drops known ids sees it once', async () => {
  const total = { alerts: 0, published: 0, crashes: 0, late: 0 };
  for (const seed of SEEDS) {
    await underSeed(seed, async () => {
      const { expected, seen, published, stage } = await run(seed);

      expect(seen).toEqual(expected);
      expect(stage.problems).toEqual([]);
      for (const { dynamodb } of stage.events.flatMap(({ Records }) => Records)) {
        expect(dynamodb?.Keys?.pk?.S).toMatch(/^A#/);
      }
      total.alerts += expected.length;
      total.published += published;
      total.crashes += stage.faults.counts.crashes;
      total.late += stage.faults.counts.landedLate;
    });
  }
  // The faults were there, and repetitions with them; or this proves nothing.
  if (SEEDS.length > 1) {
    expect(total.alerts).toBeGreaterThan(500);
    expect(total.crashes).toBeGreaterThan(500);
    expect(total.late).toBeGreaterThan(50);
    expect(total.published).toBeGreaterThan(total.alerts);
  }
}, 120_000);
