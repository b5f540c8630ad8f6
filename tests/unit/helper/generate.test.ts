import { generateScenario } from '../../helper/generate';
import { reference } from '../../helper/reference';

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

describe('given generated scenarios', () => {
  const scenarios = SEEDS.map((seed) => generateScenario(seed, { records: 400 }));
  const results = scenarios.map(({ records, pipeline }) => reference(records, pipeline));

  it('are the same for the same seed', () => {
    expect(generateScenario(7, { records: 50 })).toEqual(generateScenario(7, { records: 50 }));
  });

  it('keep the order of the sequence numbers in every shard', () => {
    for (const { records, shards } of scenarios) {
      for (const { id } of shards) {
        const numbers = records.filter((r) => r.shard === id).map((r) => BigInt(r.sequence));
        expect(numbers.every((n, i) => i === 0 || n > numbers[i - 1]!)).toBe(true);
      }
    }
  });

  it('balance: every measurement has one outcome', () => {
    for (const { accounting: a } of results) {
      expect(a.applied + a.late + a.duplicate + a.invalid + a.unmatched).toBe(a.in);
    }
  });

  it.each([
    'applied',
    'late',
    'duplicate',
    'invalid',
    'unmatched',
    'revised',
    'dedupeOverflow',
  ] as const)('hold %s measurements', (outcome) => {
    expect(results.filter(({ accounting }) => accounting[outcome] > 0).length).toBeGreaterThan(0);
  });

  it.each(['base64', 'json', 'series', 'time', 'value', 'future', 'late'])(
    'hold records quarantined as %s',
    (reason) => {
      expect(results.some((r) => r.quarantine.some((q) => q.reason === reason))).toBe(true);
    },
  );

  it('hold series under several partition keys', () => {
    const isSplit = scenarios.some(({ records, pipeline }) => {
      const { rows } = reference(records, pipeline);
      const alone = records
        .map((r) => r.partitionKey)
        .filter((key, i, all) => all.indexOf(key) === i);
      const parts = alone.flatMap(
        (key) =>
          reference(
            records.filter((r) => r.partitionKey === key),
            pipeline,
          ).rows,
      );
      return parts.length > rows.length;
    });
    expect(isSplit).toBe(true);
  });
});
