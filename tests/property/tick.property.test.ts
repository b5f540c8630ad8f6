/** Ticks change when a row appears, never what it says: the fold with ticks against itself without. */
import { newState } from '@millrace/core/fold/codec';
import { defineMetric } from '@millrace/core/fold/definition';
import { fold, foldTick } from '@millrace/core/fold/fold';
import { noOutputs, rowOf } from '@millrace/core/fold/output';
import type { FoldContext } from '@millrace/core/fold/publish';
import { oneMetric } from '../helper/metric';
import { type Choices, createChoices } from '../helper/random';
import { atMost } from '../helper/seeds';

const RUNS = 4_000;
const RECORDS = 60;
const DAY_MS = 86_400_000;
/** As far as arrival stamps of a shard may step back. */
const STEP_BACK_MS = 5_000;
const TIMEOUT_MS = 60_000;

interface Step {
  readonly kind: 'record' | 'tick';
  readonly eventMs: number;
  readonly arrivalMs: number;
}

it(
  `${RUNS} random runs with ticks say what they say without`,
  () => {
    const different: number[] = [];
    let ticksThatClosed = 0;
    for (let seed = 0; seed < RUNS; seed++) {
      const choices = createChoices(seed);
      const overrides = tolerances(choices);
      const steps = stepsOf(choices);
      const ticked = run(overrides, steps);
      const plain = run(
        overrides,
        steps.filter(({ kind }) => kind === 'record'),
      );
      if (JSON.stringify(ticked.said) !== JSON.stringify(plain.said)) different.push(seed);
      ticksThatClosed += ticked.closed;
    }
    expect(atMost(10, different.map(String))).toEqual([]);
    // Or the test would say nothing.
    expect(ticksThatClosed).toBeGreaterThan(RUNS);
  },
  TIMEOUT_MS,
);

function tolerances({ pick }: Choices): Record<string, unknown> {
  return {
    window: { type: 'tumbling', size: pick(['10s', '1m', '10m', '1h']) },
    outOfOrderness: pick(['0s', '1s', '10s', '2m', '10m']),
    allowedLateness: pick(['0s', '10s', '1m', '10m']),
    idleClose: pick(['1s', '20s', '2m', '30m']),
    maxFutureSkew: pick(['0s', '1m', '1h', '36500d']),
    detect: { detector: 'default', on: 'sum' },
  };
}

function stepsOf(choices: Choices): Step[] {
  const { int, pick, chance } = choices;
  const steps: Step[] = [];
  let nowMs = 1_000_000_000;
  for (let at = 0; at < RECORDS; at++) {
    nowMs += pick([0, 10, 900, 1_000, 5_000, 20_000, 119_999, 120_000, 130_000, 3_600_000]);
    if (chance(0.01)) nowMs += pick([7 * DAY_MS, 8 * DAY_MS]);
    // The sweeper's clock and the stream's stamps: no tick is stamped later than all that follow.
    while (chance(0.5)) steps.push({ kind: 'tick', eventMs: 0, arrivalMs: nowMs });
    const arrivalMs = nowMs - (chance(0.3) ? int(STEP_BACK_MS + 1) : 0);
    const offMs = pick([0, -500, -5_000, -60_000, -600_000, 1_000, 59_000, 1_800_000, 90 * DAY_MS]);
    steps.push({ kind: 'record', eventMs: arrivalMs + offMs, arrivalMs });
  }
  return steps;
}

function run(overrides: Record<string, unknown>, steps: readonly Step[]) {
  const metric = oneMetric(overrides);
  const definition = defineMetric(metric, 7 * DAY_MS);
  const key = { metric: 'm', partitionKey: 'p', series: 's' };
  const context: FoldContext = { definition, key, state: newState(), outputs: noOutputs() };
  const outcomes: string[] = [];
  let closed = 0;
  for (const { kind, eventMs, arrivalMs } of steps) {
    if (kind === 'tick') {
      const rowsBefore = context.outputs.rows.size;
      const watermarkMs = context.state.watermarkMs;
      foldTick(context, arrivalMs);
      const rows = context.outputs.rows.size - rowsBefore;
      if (rows === 0 && context.state.watermarkMs !== watermarkMs) outcomes.push('a trace');
      closed += rows > 0 ? 1 : 0;
    } else if (eventMs <= arrivalMs + metric.maxFutureSkewMs) {
      const value = 10 + (eventMs % 7) + (eventMs % 41 === 0 ? 900 : 0);
      const measured = {
        kind: 'measurement',
        metric,
        series: 's',
        eventMs,
        dedupeKey: null,
      } as const;
      outcomes.push(fold(context, { ...measured, inputs: [value] }, arrivalMs));
    }
  }
  foldTick(context, Number.MAX_SAFE_INTEGER);
  const { state, outputs } = context;
  const rows = [...outputs.rows.keys()].map((window) => rowOf(window, definition, 0));
  const sorted = rows.sort((a, b) => a.startMs - b.startMs || a.rev - b.rev);
  const { detector, incident, counters } = state;
  return {
    said: { outcomes, rows: sorted, incidents: outputs.incidents, detector, incident, counters },
    closed,
  };
}
