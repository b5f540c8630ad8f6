import type { LoadedRecord, ShardDefinition } from '@millrace/engine';
import * as fc from 'fast-check';
import { failFrom, START_MS, type Stage, shard, stage } from '../unit/engine/stage';

/** A stream that is split half-way: key order must hold across the split. */
const SHARDS: ShardDefinition[] = [
  shard('parent'),
  shard('low', { parent: 'parent' }),
  shard('high', { parent: 'parent' }),
];

interface Plan {
  readonly seed: number;
  readonly gapsMs: readonly number[];
  readonly keys: readonly number[];
  readonly mapping: Readonly<Record<string, unknown>>;
  /** What the handler does on its n-th invocation; it succeeds when the list is over. */
  readonly behaviour: readonly Behaviour[];
  readonly restartsAtMs: readonly number[];
  readonly reservedConcurrency: number | null;
}

type Behaviour = 'succeed' | 'throw' | 'hang' | 'malformed' | { readonly failAt: number };

const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Behaviour>('succeed') },
  { weight: 2, arbitrary: fc.constant<Behaviour>('throw') },
  { weight: 1, arbitrary: fc.constant<Behaviour>('hang') },
  { weight: 1, arbitrary: fc.constant<Behaviour>('malformed') },
  { weight: 4, arbitrary: fc.record({ failAt: fc.nat(30) }) },
);

const plan: fc.Arbitrary<Plan> = fc.record({
  seed: fc.integer(),
  gapsMs: fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 80 }),
  keys: fc.array(fc.nat(8), { minLength: 1, maxLength: 12 }),
  mapping: fc.record({
    BatchSize: fc.integer({ min: 1, max: 20 }),
    MaximumBatchingWindowInSeconds: fc.integer({ min: 0, max: 5 }),
    ParallelizationFactor: fc.integer({ min: 1, max: 10 }),
    BisectBatchOnFunctionError: fc.boolean(),
    FunctionResponseTypes: fc.constant(['ReportBatchItemFailures']),
  }),
  behaviour: fc.array(behaviour, { maxLength: 25 }),
  restartsAtMs: fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 2 }),
  reservedConcurrency: fc.option(fc.integer({ min: 1, max: 3 }), { nil: null }),
});

/** The first half goes to the parent, the rest to one child or the other by its key. */
function recordsOf({ gapsMs, keys }: Plan): LoadedRecord[] {
  let arrivalMs = START_MS;
  return gapsMs.map((gapMs, index) => {
    arrivalMs += gapMs;
    const key = keys[index % keys.length]!;
    const child = key % 2 === 0 ? 'low' : 'high';
    return {
      shard: index < gapsMs.length / 2 ? 'parent' : child,
      sequence: String(index + 1),
      partitionKey: `key-${key}`,
      arrivalMs,
      data: 'e30=',
    };
  });
}

async function play(given: Plan): Promise<Stage> {
  const left = [...given.behaviour];
  const concurrency = given.reservedConcurrency;
  const staged = stage({
    seed: given.seed,
    shards: SHARDS,
    records: recordsOf(given),
    mapping: given.mapping,
    settings: {
      Timeout: 10,
      ...(concurrency === null ? {} : { ReservedConcurrentExecutions: concurrency }),
    },
    invokeLatencyMs: [1, 50],
    answer: async ({ sequences }) => {
      const next = left.shift() ?? 'succeed';
      await staged.scheduler.clock.sleep(staged.scheduler.random.int(300));
      if (next === 'throw') throw new Error('thrown');
      if (next === 'hang') await staged.scheduler.clock.sleep(60_000);
      if (next === 'malformed') return { batchItemFailures: [{ itemIdentifier: '' }] };
      if (typeof next === 'object') return failFrom(sequences[next.failAt % sequences.length]);
      return failFrom(undefined);
    },
  });
  staged.engine.start();
  for (const atMs of given.restartsAtMs) {
    staged.scheduler.at(START_MS + atMs, () => staged.engine.mappings[0]!.restart());
  }
  await staged.scheduler.run();
  return staged;
}

/** For each key, the sequence numbers in the order in which each was first delivered. */
function firstDeliveries({ seen }: Stage): Map<string, number[]> {
  const known = new Set<string>();
  const byKey = new Map<string, number[]>();
  for (const { sequences, keys } of seen) {
    for (const [index, sequence] of sequences.entries()) {
      if (known.has(sequence)) continue;
      known.add(sequence);
      byKey.set(keys[index]!, [...(byKey.get(keys[index]!) ?? []), Number(sequence)]);
    }
  }
  return byKey;
}

describe('the engine, whatever the batching, the lanes and the failures', () => {
  it('delivers every record, and each key in order the first time', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (given) => {
        const staged = await play(given);

        const { stats, idle } = staged.engine;
        const delivered = [...firstDeliveries(staged).values()];
        expect(idle).toBe(true);
        expect(delivered.flat()).toHaveLength(given.gapsMs.length);
        for (const sequences of delivered) {
          expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
        }
        const deliveries = staged.seen.reduce((sum, { sequences }) => sum + sequences.length, 0);
        expect(stats).toMatchObject({ records: given.gapsMs.length, deliveries, discarded: 0 });
        expect(stats.redelivered).toBe(deliveries - given.gapsMs.length);
      }),
      { numRuns: 100 },
    );
  });

  it('never delivers more than a batch, nor two shards at once', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (given) => {
        const { seen, events } = await play(given);

        const most = given.mapping.BatchSize as number;
        expect(Math.max(...seen.map(({ sequences }) => sequences.length))).toBeLessThanOrEqual(
          most,
        );
        const times = events.map(({ atMs }) => atMs);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
  });

  it('does the same again with the same seed, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async (given) => {
        const [once, again] = [await play(given), await play(given)];

        expect(JSON.stringify(again.events)).toBe(JSON.stringify(once.events));
        expect(again.seen).toEqual(once.seen);
      }),
      { numRuns: 50 },
    );
  });

  it('does something else with another seed', async () => {
    const given: Plan = {
      seed: 1,
      gapsMs: new Array(60).fill(200),
      keys: [1, 2, 3, 4, 5, 6, 7, 8],
      mapping: {
        BatchSize: 5,
        ParallelizationFactor: 3,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      },
      behaviour: [],
      restartsAtMs: [],
      reservedConcurrency: null,
    };
    const logs = new Set<string>();
    for (let seed = 1; seed <= 10; seed += 1) {
      const { seen } = await play({ ...given, seed });
      logs.add(JSON.stringify(seen.map(({ sequences }) => sequences)));
    }

    expect(logs.size).toBeGreaterThan(5);
  });
});
