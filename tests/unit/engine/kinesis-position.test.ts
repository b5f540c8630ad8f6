import { EngineError } from '@millrace/engine';
import { failFrom, play, records, runFor, type Seen, START_MS, shard, stage } from './stage';

const sequences = (seen: readonly Seen[]) => seen.flatMap((one) => one.sequences);

describe('starting position', () => {
  const backlog = [
    ...records(3, { fromMs: -30_000, everyMs: 10_000 }),
    ...records(2, { from: 4, fromMs: 5_000 }),
  ];

  it.each([
    ['TRIM_HORIZON', {}, ['1', '2', '3', '4', '5']],
    ['LATEST', {}, ['4', '5']],
    ['AT_TIMESTAMP', { StartingPositionTimestamp: START_MS / 1_000 - 20 }, ['2', '3', '4', '5']],
  ])('%s', async (StartingPosition, more, expected) => {
    const { seen, engine } = await play({
      records: backlog,
      mapping: { StartingPosition, ...more },
    });

    expect(sequences(seen)).toEqual(expected);
    expect(engine.stats.records).toBe(expected.length);
  });

  it('of a mapping that is not enabled is never used', async () => {
    const { seen, engine } = await play({ records: backlog, mapping: { Enabled: false } });

    expect(seen).toEqual([]);
    expect(engine.idle).toBe(true);
  });
});

describe('lineage', () => {
  const family = [
    shard('parent'),
    shard('low', { parent: 'parent' }),
    shard('high', { parent: 'parent' }),
    shard('merged', { parent: 'low', adjacent: 'high' }),
  ];
  const generation = (id: string, from: number, fromMs: number) =>
    records(20, { shard: id, from, fromMs, keys: [`${id}-1`, `${id}-2`] });

  it('reads a child only when its parents are done, however slow they are', async () => {
    let failures = 5;
    const { seen, engine } = await play({
      shards: family,
      records: [
        ...generation('merged', 301, 300),
        ...generation('high', 201, 200),
        ...generation('low', 101, 200),
        ...generation('parent', 1, 0),
      ],
      mapping: { ParallelizationFactor: 2, FunctionResponseTypes: ['ReportBatchItemFailures'] },
      answer: (batch) => {
        if (batch.shard === 'merged' || failures === 0) return failFrom(undefined);
        failures -= 1;
        return failFrom(batch.sequences.at(-1));
      },
    });

    const lastOf = (id: string) => seen.findLastIndex((batch) => batch.shard === id);
    const firstOf = (id: string) => seen.findIndex((batch) => batch.shard === id);
    expect(firstOf('low')).toBeGreaterThan(lastOf('parent'));
    expect(firstOf('high')).toBeGreaterThan(lastOf('parent'));
    expect(firstOf('merged')).toBeGreaterThan(Math.max(lastOf('low'), lastOf('high')));
    expect(engine.stats.records).toBe(80);
  });

  it('waits through a shard that never had a record', async () => {
    const staged = stage({
      shards: [shard('old'), shard('empty', { parent: 'old' }), shard('new', { parent: 'empty' })],
      records: [...records(1, { shard: 'new', from: 9 }), ...records(1, { shard: 'old' })],
      answer: ({ shard: id }) => staged.scheduler.clock.sleep(id === 'old' ? 30_000 : 0),
    });
    staged.engine.start();
    await runFor(staged, 3_600_000);

    expect(staged.seen.map(({ shard: id }) => id)).toEqual(['old', 'new']);
    expect(staged.seen[1]!.atMs - staged.seen[0]!.atMs).toBeGreaterThanOrEqual(30_000);
  });

  it('waits for parent records that arrive after the first of the child', async () => {
    const { seen } = await play({
      shards: [shard('old'), shard('new', { parent: 'old' })],
      records: [
        ...records(1, { shard: 'new', from: 9, fromMs: 1_000 }),
        ...records(2, { shard: 'old', everyMs: 60_000 }),
      ],
    });

    expect(sequences(seen)).toEqual(['1', '2', '9']);
  });

  it('takes a child whose parent is not in the stream any more as a root', async () => {
    const { seen } = await play({
      shards: [shard('child', { parent: 'trimmed' })],
      records: records(2, { shard: 'child' }),
    });

    expect(sequences(seen)).toEqual(['1', '2']);
  });
});

describe('restart', () => {
  const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`);

  it('brings records above the slowest lane again, and counts them', async () => {
    const stuck = { on: true };
    const staged = stage({
      records: records(120, { keys }),
      mapping: { ParallelizationFactor: 4, FunctionResponseTypes: ['ReportBatchItemFailures'] },
      answer: (batch) =>
        failFrom(stuck.on ? batch.sequences[batch.keys.indexOf('key-0')] : undefined),
    });
    staged.engine.start();
    await runFor(staged, 60_000);
    const before = { ...staged.engine.stats };
    const invocationsBefore = staged.seen.length;
    expect(before.records).toBeLessThan(120);

    stuck.on = false;
    staged.engine.mappings[0]!.restart();
    await runFor(staged, 600_000);

    const { stats } = staged.engine;
    expect(stats.records).toBe(120);
    expect(stats.deliveries).toBe(stats.records + stats.redelivered);
    // Record 1 was stuck, so everything the other lanes had done comes again.
    const after = sequences(staged.seen.slice(invocationsBefore));
    expect(new Set(after).size).toBe(120);
    expect(stats.redelivered - before.redelivered).toBeGreaterThanOrEqual(before.records - 1);
  });

  it('does not wait for an invocation under way, whose result counts for nothing', async () => {
    const staged = stage({
      records: records(1),
      answer: () => staged.scheduler.clock.sleep(30_000),
    });
    staged.engine.start();
    await staged.scheduler.run({ done: () => staged.seen.length === 1 });
    staged.engine.mappings[0]!.restart({ parallelizationFactor: 3 });
    await runFor(staged, 600_000);

    expect(sequences(staged.seen)).toEqual(['1', '1']);
    expect(staged.seen[1]!.atMs - staged.seen[0]!.atMs).toBeLessThan(30_000);
    expect(staged.engine.stats).toMatchObject({ records: 1, redelivered: 1 });
  });

  it('is not followed by a discard for an invocation that fails after it', async () => {
    let first = true;
    const staged = stage({
      records: records(1),
      mapping: { MaximumRetryAttempts: 0 },
      answer: async () => {
        if (!first) return;
        first = false;
        await staged.scheduler.clock.sleep(30_000);
        throw new Error('too late');
      },
    });
    staged.engine.start();
    await staged.scheduler.run({ done: () => staged.seen.length === 1 });
    staged.engine.mappings[0]!.restart();
    await staged.scheduler.run();

    expect(staged.seen).toHaveLength(2);
    expect(staged.engine.stats.failures).toEqual({ Consume: 1 });
    expect(staged.failures).toEqual([]);
  });

  it('of a mapping that is caught up brings nothing', async () => {
    const staged = stage({ records: records(5) });
    staged.engine.start();
    await runFor(staged, 600_000);
    staged.engine.mappings[0]!.restart();
    await runFor(staged, 600_000);

    expect(staged.seen).toHaveLength(1);
  });
});

describe('idle', () => {
  it('is false while a record is still to come, and while one is being worked on', async () => {
    const staged = stage({
      records: records(1, { fromMs: 60_000 }),
      answer: () => staged.scheduler.clock.sleep(10_000),
    });
    staged.engine.start();
    const states: [number, boolean][] = [];
    for (const atMs of [1_000, 65_000, 80_000]) {
      staged.scheduler.at(START_MS + atMs, () => {
        states.push([atMs, staged.engine.idle]);
      });
    }
    await staged.scheduler.run();

    expect(states).toEqual([
      [1_000, false],
      [65_000, false],
      [80_000, true],
    ]);
  });

  it('comes after stop without another invocation', async () => {
    const staged = stage({ records: records(50, { everyMs: 1_000 }) });
    staged.engine.start();
    await runFor(staged, 10_000);
    const invocations = staged.seen.length;
    staged.engine.stop();
    await staged.scheduler.run();

    expect(staged.seen).toHaveLength(invocations);
  });
});

describe('what is put together wrongly', () => {
  it('a failing on-failure destination ends the run', async () => {
    const staged = stage({
      records: records(1),
      mapping: { MaximumRetryAttempts: 0 },
      answer: () => {
        staged.failures.push = () => {
          throw new EngineError('disk full');
        };
        throw new Error('no');
      },
    });
    staged.engine.start();

    await expect(staged.scheduler.run()).rejects.toThrow('disk full');
  });
});
