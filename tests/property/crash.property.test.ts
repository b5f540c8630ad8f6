import { jsonText } from '@millrace/core/json/write-json';
import { incidentLine, rowLine } from '@millrace/core/results/view';
import { type FaultRates, NO_FAULTS } from '../helper/faults';
import { generateScenario, type Scenario } from '../helper/generate';
import { createChoices } from '../helper/random';
import { reference } from '../helper/reference';
import { differences } from '../helper/reference-compare';
import { bound, type RunResult, runScenario, type Stores } from '../helper/run-scenario';
import { atMost, seedsFrom, underSeed } from '../helper/seeds';

const SEEDS = seedsFrom({ first: 1000, count: 110 });
const RECORDS = 110;
const TIMEOUT_MS = 240_000;

const RATES: readonly FaultRates[] = [
  { unlucky: 0.3, crash: 0.05, unavailable: 0, falseConflict: 0, slow: 0, outage: false },
  { unlucky: 0.5, crash: 0.02, unavailable: 0.02, falseConflict: 0.02, slow: 0, outage: false },
  { unlucky: 0.4, crash: 0.02, unavailable: 0.1, falseConflict: 0.1, slow: 0.01, outage: true },
  { unlucky: 0.3, crash: 0, unavailable: 0, falseConflict: 0.01, slow: 0.05, outage: false },
];

function lanesOf({ seed }: Scenario): number {
  return [1, 4, 10][seed % 3]!;
}

function runFaulty(scenario: Scenario): Promise<RunResult> {
  const { seed } = scenario;
  const choices = createChoices(seed ^ 0xfa17);
  return runScenario(scenario, {
    seed,
    lanes: lanesOf(scenario),
    batchMax: choices.pick([3, 20, 100]),
    pollMs: choices.pick([10, 1_000, 60_000]),
    redelivery: choices.pick([0.01, 0.1, 0.3]),
    rates: choices.pick(RATES),
  });
}

/** Many small batches and writes that land late: where a missing condition shows. */
function runSabotaged(
  scenario: Scenario,
  sabotage: (stores: Stores) => Stores,
): Promise<RunResult> {
  const { seed } = scenario;
  const rates = { ...NO_FAULTS, unlucky: 0.6, crash: 0.05, unavailable: 0.15 };
  const options = { seed, lanes: 4, batchMax: 3, pollMs: 1_000, redelivery: 0.05, rates };
  return runScenario(scenario, { ...options, sabotage });
}

/** Nothing goes wrong, and batches are large. */
function runCalm(scenario: Scenario): Promise<RunResult> {
  const { seed } = scenario;
  return runScenario(scenario, { seed, lanes: lanesOf(scenario), batchMax: 1000, pollMs: 60_000 });
}

function hasDetectors({ pipeline }: Scenario): boolean {
  return Object.values(pipeline.metrics).some((metric) => metric.detect !== undefined);
}

/** Scores and incidents are not the reference's business: they must equal those of a calm run. */
function scoreDifferences(calm: RunResult, faulty: RunResult): string[] {
  const lines = (run: RunResult) =>
    [...run.rows.map(rowLine), ...run.incidents.map(incidentLine)].map((l) => jsonText(l));
  const [expected, actual] = [lines(calm), lines(faulty)];
  return [
    ...expected.filter((line) => !actual.includes(line)).map((line) => `missing ${line}`),
    ...actual.filter((line) => !expected.includes(line)).map((line) => `not in a calm run ${line}`),
  ];
}

describe('given crashes, lost answers, late writes, redelivery and outages', () => {
  const total = {
    seeds: 0,
    records: 0,
    deliveries: 0,
    crashes: 0,
    landedLate: 0,
    others: 0,
    incidents: 0,
  };

  function count(scenario: Scenario, { faults, source, incidents }: RunResult): void {
    total.seeds += 1;
    total.records += scenario.records.length;
    total.deliveries += source.deliveries;
    total.crashes += faults.crashes + source.timeouts;
    total.landedLate += faults.landedLate;
    total.incidents += incidents.length;
    total.others += faults.unavailable + faults.falseConflicts + faults.slow;
  }

  afterAll(() => {
    process.stderr.write(`  faults survived: ${JSON.stringify(total)}\n`);
  });

  it(
    'nothing is lost, nothing is doubled, and no reader ever saw a row that history does not hold',
    async () => {
      for (const seed of SEEDS) {
        const scenario = generateScenario(seed, { records: RECORDS });
        const expected = reference(scenario.records, scenario.pipeline);

        const faulty = await underSeed(seed, () => runFaulty(scenario));

        count(scenario, faulty);
        const scores = hasDetectors(scenario)
          ? scoreDifferences(await runCalm(scenario), faulty)
          : [];
        const found = [...differences(expected, faulty), ...scores, ...faulty.contradictions];
        expect({ seed, found: atMost(10, found) }).toEqual({ seed, found: [] });
      }
      expect(total.crashes).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});

describe.each<[string, (stores: Stores) => Stores]>([
  [
    'the version condition of the commit',
    (stores) => ({
      ...stores,
      state: { ...bound(stores.state), put: (item) => stores.state.put(item) },
    }),
  ],
  [
    'the condition of the rows',
    (stores) => ({
      ...stores,
      results: { ...bound(stores.results), put: (item) => stores.results.put(item) },
    }),
  ],
])('given the same faults without %s', (_protection, sabotage) => {
  it(
    'the comparison with the reference notices',
    async () => {
      const found: string[] = [];
      for (const seed of seedsFrom({ first: 1000, count: 200 })) {
        const scenario = generateScenario(seed, { records: RECORDS });
        const faulty = await runSabotaged(scenario, sabotage);
        const expected = reference(scenario.records, scenario.pipeline);
        found.push(...differences(expected, faulty), ...faulty.contradictions);
        if (found.length > 0) break;
      }
      expect(found).not.toEqual([]);
    },
    TIMEOUT_MS,
  );
});
