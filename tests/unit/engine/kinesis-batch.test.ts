import { failFrom, play, records, type Seen, START_MS, shard, stage } from './stage';

const sizes = (seen: readonly Seen[]) => seen.map(({ sequences }) => sequences.length);

describe('batch size', () => {
  it.each([
    [25, 10, [10, 10, 5]],
    [10, 10, [10]],
    [3, 1, [1, 1, 1]],
  ])('%i records in batches of at most %i: %j', async (count, BatchSize, expected) => {
    const { seen, engine } = await play({ records: records(count), mapping: { BatchSize } });

    expect(sizes(seen)).toEqual(expected);
    expect(engine.stats).toMatchObject({ records: count, deliveries: count, redelivered: 0 });
  });

  it('takes records of one shard only', async () => {
    const { seen } = await play({
      shards: [shard('a'), shard('b')],
      records: [...records(4, { shard: 'a' }), ...records(4, { shard: 'b', from: 11 })],
    });

    expect(seen.map(({ shard: id, sequences }) => [id, sequences.length])).toEqual(
      expect.arrayContaining([
        ['a', 4],
        ['b', 4],
      ]),
    );
    expect(seen).toHaveLength(2);
  });
});

describe('batching window', () => {
  // put   1    2    3    4    5    6
  // poll  |    |    |    |    |    |    one second apart
  //       [------------->[------------->
  it('invokes when the window of the first record is over', async () => {
    const { seen } = await play({
      records: records(6, { everyMs: 1_000 }),
      mapping: { BatchSize: 100, MaximumBatchingWindowInSeconds: 3 },
    });

    expect(sizes(seen)).toEqual([3, 3]);
    expect(seen[1]!.atMs - seen[0]!.atMs).toBe(3_000);
  });

  it('does not wait for it when the batch is full', async () => {
    const { seen } = await play({
      records: records(6, { everyMs: 1_000 }),
      mapping: { BatchSize: 2, MaximumBatchingWindowInSeconds: 300 },
    });

    expect(sizes(seen)).toEqual([2, 2, 2]);
    expect(seen[1]!.atMs - seen[0]!.atMs).toBe(2_000);
  });

  it('of zero takes what one poll found', async () => {
    const { seen } = await play({ records: records(6, { everyMs: 400 }) });

    for (const size of sizes(seen)) expect(size).toBeLessThanOrEqual(3);
    expect(seen.flatMap(({ sequences }) => sequences)).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('of a later batch counts from when its own first record was read', async () => {
    const staged = stage({
      records: [...records(1), ...records(1, { from: 2, fromMs: 10_000 })],
      mapping: { BatchSize: 100, MaximumBatchingWindowInSeconds: 5 },
      // From the end of the first window, 5 s, until record 2 has been waiting for 2 s.
      answer: ({ sequences }) => staged.scheduler.clock.sleep(sequences[0] === '1' ? 7_000 : 0),
    });
    staged.engine.start();
    await staged.scheduler.run();

    expect(sizes(staged.seen)).toEqual([1, 1]);
    expect(staged.seen[1]!.atMs - staged.seen[0]!.atMs).toBe(10_000);
  });
});

describe('payload limit', () => {
  // 546 bytes of envelope and base64: 1,000 bytes of data are 1,882 bytes of event.
  it('cuts a batch at 6 MB of event', async () => {
    const { seen } = await play({
      records: records(4_000, { bytes: 1_000 }),
      mapping: { BatchSize: 10_000 },
    });

    expect(sizes(seen)).toEqual([3_342, 658]);
  });

  it('invokes at 6 MB without waiting for the window', async () => {
    const { seen } = await play({
      records: records(8, { bytes: 900_000 }),
      mapping: { BatchSize: 100, MaximumBatchingWindowInSeconds: 300 },
    });

    expect(sizes(seen)).toEqual([5, 3]);
    expect(seen[0]!.atMs).toBeLessThan(2_000);
  });
});

describe('a record that no invocation can hold', () => {
  // Base64 makes four bytes of three; the limit is 6,291,456 bytes of event.
  const FITS_BYTES = Math.floor(((6_291_456 - 546 - 14) / 4) * 3) - 3;
  const withOne = (bytes: number) =>
    records(7).map((record, at) =>
      at === 3 ? { ...record, data: Buffer.alloc(bytes, 0x20).toString('base64') } : record,
    );
  const mapping = {
    ...{ BatchSize: 100, FunctionResponseTypes: ['ReportBatchItemFailures'] },
    DestinationConfig: { OnFailure: { Type: 'S3', Destination: 'arn:aws:s3:::failed' } },
  };

  it.each([5_000_000, 10 * 1024 * 1024])(
    'of %d bytes goes to the on-failure destination, uninvoked, and its neighbours go on',
    async (bytes) => {
      const { seen, failures, engine } = await play({ records: withOne(bytes), mapping });
      const all = withOne(1).map(({ sequence }) => sequence);

      expect(seen.flatMap(({ sequences }) => sequences)).toEqual(all.filter((_, at) => at !== 3));
      expect(engine.stats).toMatchObject({ records: 6, discarded: 1 });
      expect(engine.idle).toBe(true);
      expect(failures).toHaveLength(1);
      expect(failures[0]!.key).toMatch(/^aws\/lambda\//);
      expect(failures[0]!.document).toMatchObject({
        requestContext: { condition: 'RecordTooLarge', approximateInvokeCount: 0 },
        KinesisBatchInfo: { startSequenceNumber: all[3], endSequenceNumber: all[3], batchSize: 1 },
      });
      expect(failures[0]!.document).not.toHaveProperty('payload');
      expect(failures[0]!.document).not.toHaveProperty('responseContext');
    },
  );

  it('and one that just fits is invoked with', async () => {
    const { seen, failures } = await play({ records: withOne(FITS_BYTES), mapping });

    expect(seen.flatMap(({ sequences }) => sequences)).toHaveLength(7);
    expect(failures).toEqual([]);
  });
});

describe('lanes', () => {
  const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);

  it('run side by side, each key always in one, in order', async () => {
    const staged = stage({
      records: records(400, { keys }),
      mapping: { ParallelizationFactor: 4 },
      answer: () => staged.scheduler.clock.sleep(1_000),
    });
    staged.engine.start();
    await staged.scheduler.run({ done: () => staged.engine.idle });

    const laneOfKey = new Map<string, Set<number>>();
    const lastOfKey = new Map<string, number>();
    const starts = staged.events.filter((event) => event.kind === 'invoke-start');
    for (const [index, { sequences, keys: batchKeys }] of staged.seen.entries()) {
      for (const [place, key] of batchKeys.entries()) {
        const lanes = laneOfKey.get(key) ?? new Set();
        laneOfKey.set(key, lanes.add(starts[index]!.batch!.lane));
        expect(Number(sequences[place])).toBeGreaterThan(lastOfKey.get(key) ?? 0);
        lastOfKey.set(key, Number(sequences[place]));
      }
    }
    expect([...laneOfKey.values()].map(({ size }) => size)).toEqual(keys.map(() => 1));
    expect(new Set(starts.map(({ batch }) => batch!.lane)).size).toBe(4);
    // 40 batches of a second each: one after the other they would take 40 s.
    expect(staged.seen.at(-1)!.atMs).toBeLessThan(25_000);
  });

  it('keep one batch in flight each', async () => {
    let running = 0;
    let most = 0;
    const staged = stage({
      records: records(200, { keys }),
      mapping: { ParallelizationFactor: 3 },
      answer: async () => {
        running += 1;
        most = Math.max(most, running);
        await staged.scheduler.clock.sleep(100);
        running -= 1;
      },
    });
    staged.engine.start();
    await staged.scheduler.run({ done: () => staged.engine.idle });

    expect(most).toBe(3);
  });

  it('block their own keys only, when one fails for ever', async () => {
    const { seen } = await play(
      {
        records: records(200, { keys }),
        mapping: { ParallelizationFactor: 4, FunctionResponseTypes: ['ReportBatchItemFailures'] },
        answer: ({ sequences, keys: batchKeys }) => failFrom(sequences[batchKeys.indexOf('key-0')]),
      },
      600_000,
    );

    const everSeen = new Set(seen.flatMap(({ sequences }) => sequences));
    expect(everSeen.size).toBeGreaterThan(100);
    expect(everSeen.size).toBeLessThan(200);
    const retries = seen.filter(({ keys: batchKeys }) => batchKeys[0] === 'key-0');
    expect(new Set(retries.map(({ sequences }) => sequences[0]))).toEqual(new Set(['1']));
  });
});

describe('polling', () => {
  it('reads each shard once a second, at a phase of its own', async () => {
    const { seen } = await play({ records: records(20, { everyMs: 700 }) });

    const phases = new Set(seen.map(({ atMs }) => atMs % 1_000));
    expect(phases.size).toBe(1);
  });

  it('takes 10,000 records a poll and comes back at once for more', async () => {
    const { seen } = await play({ records: records(25_000), mapping: { BatchSize: 10_000 } });

    expect(sizes(seen)).toEqual([10_000, 10_000, 5_000]);
    expect(seen.at(-1)!.atMs - seen[0]!.atMs).toBeLessThan(1_000);
  });

  it('sleeps through an empty week in no time', async () => {
    const weekMs = 7 * 86_400_000;
    const { seen, events } = await play({ records: records(2, { everyMs: weekMs }) }, 2 * weekMs);

    expect(sizes(seen)).toEqual([1, 1]);
    expect(events).toHaveLength(4);
  });

  it('delivers a put record at the next poll', async () => {
    const staged = stage({});
    staged.engine.start();
    staged.scheduler.at(START_MS + 90_000, () =>
      staged.stream.writer.put([{ partitionKey: 'k', data: Buffer.from('{}') }]),
    );
    await staged.scheduler.run();

    expect(staged.seen).toHaveLength(1);
    expect(staged.seen[0]!.atMs).toBeGreaterThanOrEqual(90_000);
    expect(staged.seen[0]!.atMs).toBeLessThan(91_100);
    expect(staged.engine.idle).toBe(true);
  });
});

describe('the event', () => {
  it('has exactly the fields that Lambda sends', async () => {
    const { delivered } = await play({ records: records(1, { fromMs: 123 }) });

    expect(delivered[0]).toEqual({
      Records: [
        {
          kinesis: {
            kinesisSchemaVersion: '1.0',
            partitionKey: 'key',
            sequenceNumber: '1',
            data: 'eHg=',
            approximateArrivalTimestamp: (START_MS + 123) / 1_000,
          },
          eventSource: 'aws:kinesis',
          eventVersion: '1.0',
          eventID: 'shard-0:1',
          eventName: 'aws:kinesis:record',
          invokeIdentityArn: 'arn:aws:iam::000000000000:role/ConsumeRole',
          awsRegion: 'local',
          eventSourceARN: 'arn:aws:kinesis:local:000000000000:stream/Events',
        },
      ],
    });
  });
});
