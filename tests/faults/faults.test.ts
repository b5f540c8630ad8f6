import { checkSeed, planOf } from './check-seed';
import { shrink } from './shrink';

/** Two of each plan: `npm run test:faults` runs a thousand. */
const SEEDS = Array.from({ length: 16 }, (_, index) => 5_000 + index);
const TIMEOUT_MS = 60_000;

describe('given a generated stream and a fault plan', () => {
  it.each(SEEDS.map((seed) => [planOf(seed), seed] as const))(
    '%s, seed %i: nothing is lost, doubled, or shown before it is committed',
    async (_plan, seed) => {
      const { violations, counts } = await checkSeed(seed, { twice: seed % 8 === 0 });

      expect({ seed, violations }).toEqual({ seed, violations: [] });
      expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});

describe('given a schedule that fails', () => {
  it('shrinks to the faults that are needed', async () => {
    const schedule = Array.from({ length: 100 }, (_, index) => index);
    const fails = async (some: readonly number[]) => some.includes(17) && some.includes(71);

    expect(await shrink(schedule, fails)).toEqual([17, 71]);
  });
});
