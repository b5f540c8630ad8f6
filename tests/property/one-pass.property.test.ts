import { generateScenario } from '../helper/generate';
import { createChoices } from '../helper/random';
import { reference } from '../helper/reference';
import { differences } from '../helper/reference-compare';
import { runScenario } from '../helper/run-scenario';
import { atMost, seedsFrom, underSeed } from '../helper/seeds';

const SEEDS_PER_LANES = 16;
const RECORDS = 250;
const TIMEOUT_MS = 120_000;

describe.each([1, 4, 10])('given any stream in any batches over %i lanes', (lanes) => {
  it(
    'the consumer gives the rows, the quarantine and the accounting of the one-pass reference',
    async () => {
      for (const seed of seedsFrom({ first: lanes * 1000, count: SEEDS_PER_LANES })) {
        const scenario = generateScenario(seed, { records: RECORDS });
        const expected = reference(scenario.records, scenario.pipeline);
        const choices = createChoices(seed ^ 0xba7c);
        const batchMax = choices.pick([1, 10, 100, 1000]);
        const pollMs = choices.pick([10, 5_000, 60_000, 3_600_000]);

        const actual = await underSeed(seed, () =>
          runScenario(scenario, { seed, lanes, batchMax, pollMs }),
        );

        const found = [...differences(expected, actual), ...actual.contradictions];
        expect({ seed, found: atMost(10, found) }).toEqual({ seed, found: [] });
      }
    },
    TIMEOUT_MS,
  );
});
