import { type Answer, failFrom, play, records, runFor, type Seen, START_MS, stage } from './stage';

const REPORT = { FunctionResponseTypes: ['ReportBatchItemFailures'] };
const batches = (seen: readonly Seen[]) => seen.map(({ sequences }) => sequences.join(' '));

/** Fails the first `times` invocations that hold the record. */
function failing(sequence: string, times: number): Answer {
  let left = times;
  return ({ sequences }) => {
    if (!sequences.includes(sequence) || left === 0) return undefined;
    left -= 1;
    throw new Error(`cannot do ${sequence}`);
  };
}

describe('a batch that throws', () => {
  it('comes again whole, after 1 s, 2 s, 4 s … up to a minute', async () => {
    const { seen, engine } = await play({ records: records(3), answer: failing('2', 8) });

    expect(new Set(batches(seen))).toEqual(new Set(['1 2 3']));
    const waits = seen.slice(1).map(({ atMs }, index) => atMs - seen[index]!.atMs);
    // 1 ms is the latency of an invocation.
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000 + 1));
    expect(engine.stats).toMatchObject({
      records: 3,
      deliveries: 27,
      redelivered: 24,
      invocations: { Consume: 9 },
      failures: { Consume: 8 },
      discarded: 0,
    });
  });

  it('holds back the records behind it', async () => {
    const { seen } = await play({ records: records(20), answer: failing('1', 2) });

    expect(batches(seen)).toEqual([
      ...new Array(3).fill('1 2 3 4 5 6 7 8 9 10'),
      '11 12 13 14 15 16 17 18 19 20',
    ]);
  });

  it('is not tried earlier because new records arrive', async () => {
    const { seen } = await play({
      records: records(30, { everyMs: 500 }),
      mapping: { BatchSize: 1 },
      answer: failing('1', 4),
    });

    const waits = seen.slice(1, 5).map(({ atMs }, index) => atMs - seen[index]!.atMs);
    expect(waits).toEqual([1_001, 2_001, 4_001, 8_001]);
    expect(seen.flatMap(({ sequences }) => sequences).slice(4, 7)).toEqual(['1', '2', '3']);
  });

  it('waits from 1 s again after a success in between', async () => {
    const fails = [true, true, false, true, false];
    const { seen } = await play({
      records: records(2),
      mapping: { BatchSize: 1 },
      answer: () => {
        if (fails.shift()) throw new Error('no');
      },
    });

    expect(batches(seen)).toEqual(['1', '1', '1', '2', '2']);
    expect(seen[4]!.atMs - seen[3]!.atMs).toBe(1_001);
  });

  it('is halved with bisect, first half first, until the culprit is alone', async () => {
    const { seen, engine } = await play({
      records: records(8),
      mapping: { BisectBatchOnFunctionError: true },
      answer: failing('6', 5),
    });

    expect(batches(seen)).toEqual([
      '1 2 3 4 5 6 7 8',
      '1 2 3 4',
      '5 6 7 8',
      '5 6',
      '5',
      '6',
      '6',
      '6',
      '7 8',
    ]);
    expect(engine.stats.bisects).toBe(3);
  });
});

describe('retry limit', () => {
  it.each([
    [0, 1],
    [1, 2],
    [3, 4],
  ])(
    'MaximumRetryAttempts %i: %i invocations, then the batch is discarded',
    async (MaximumRetryAttempts, invocations) => {
      const { seen, failures, engine } = await play({
        records: records(15),
        mapping: { MaximumRetryAttempts },
        answer: failing('2', 100),
      });

      expect(batches(seen)).toEqual([
        ...new Array(invocations).fill('1 2 3 4 5 6 7 8 9 10'),
        '11 12 13 14 15',
      ]);
      expect(failures).toHaveLength(1);
      expect(engine.stats.discarded).toBe(10);
    },
  );

  it('is not used up by splitting: only the culprit is discarded', async () => {
    const { seen, failures, engine } = await play({
      records: records(8),
      mapping: { MaximumRetryAttempts: 1, BisectBatchOnFunctionError: true },
      answer: failing('3', 100),
    });

    expect(batches(seen)).toEqual([
      '1 2 3 4 5 6 7 8',
      '1 2 3 4',
      '1 2',
      '3 4',
      '3',
      '3',
      '4',
      '5 6 7 8',
    ]);
    expect(failures[0]!.document.KinesisBatchInfo).toMatchObject({
      startSequenceNumber: '3',
      endSequenceNumber: '3',
      batchSize: 1,
    });
    expect(engine.stats.discarded).toBe(1);
  });
});

describe('a partial response', () => {
  it.each([[['7', '4']], [['4', '7']]])(
    'of %j acknowledges what is before the lowest and brings the rest again',
    async (named) => {
      const answers = [
        { batchItemFailures: named.map((itemIdentifier) => ({ itemIdentifier })) },
        failFrom(undefined),
      ];
      const { seen, engine, events } = await play({
        records: records(8),
        mapping: REPORT,
        answer: () => answers.shift(),
      });

      expect(batches(seen)).toEqual(['1 2 3 4 5 6 7 8', '4 5 6 7 8']);
      expect(engine.stats).toMatchObject({
        partialFailures: 1,
        redelivered: 5,
        failures: { Consume: 0 },
      });
      expect(events).toContainEqual(
        expect.objectContaining({ kind: 'partial-failure', sequence: '4', acknowledged: 3 }),
      );
    },
  );

  it('is cut, not halved, with bisect', async () => {
    const answers = [failFrom('4'), failFrom('4'), failFrom(undefined)];
    const { seen, engine } = await play({
      records: records(8),
      mapping: { ...REPORT, BisectBatchOnFunctionError: true },
      answer: () => answers.shift(),
    });

    expect(batches(seen)).toEqual(['1 2 3 4 5 6 7 8', '4 5 6 7 8', '4 5 6 7 8']);
    expect(engine.stats.bisects).toBe(0);
  });

  it('counts as one failure of the record it names', async () => {
    const { seen, failures } = await play({
      records: records(4),
      mapping: { ...REPORT, MaximumRetryAttempts: 2 },
      answer: ({ sequences }) => failFrom(sequences.includes('3') ? '3' : undefined),
    });

    expect(batches(seen)).toEqual(['1 2 3 4', '3 4', '3 4']);
    expect(failures[0]!.document).toMatchObject({
      requestContext: { approximateInvokeCount: 3 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST' },
      KinesisBatchInfo: { batchSize: 2 },
    });
    expect(failures[0]!.document.responseContext).not.toHaveProperty('functionError');
  });

  it('with progress frees the rest of the failures of what is done', async () => {
    const answers: (() => unknown)[] = [
      () => {
        throw new Error('no');
      },
      () => failFrom('3'),
      () => failFrom('3'),
      () => failFrom(undefined),
    ];
    const { seen, engine } = await play({
      records: records(4),
      mapping: { ...REPORT, MaximumRetryAttempts: 2 },
      answer: () => answers.shift()!(),
    });

    expect(batches(seen)).toEqual(['1 2 3 4', '1 2 3 4', '3 4', '3 4']);
    expect(engine.stats.discarded).toBe(0);
  });

  it('is not looked at without ReportBatchItemFailures', async () => {
    const { seen } = await play({ records: records(3), answer: () => failFrom('2') });

    expect(batches(seen)).toEqual(['1 2 3']);
  });
});

describe.each([
  ['nothing', undefined],
  ['null', null],
  ['an empty object', {}],
  ['a null list', { batchItemFailures: null }],
  ['an empty list', { batchItemFailures: [] }],
])('a response of %s', (_, response) => {
  it('is a success', async () => {
    const { seen } = await play({ records: records(3), mapping: REPORT, answer: () => response });

    expect(batches(seen)).toEqual(['1 2 3']);
  });
});

describe.each([
  ['a text', 'done'],
  ['a list', [{ itemIdentifier: '2' }]],
  ['a list that is none', { batchItemFailures: '2' }],
  ['an unknown identifier', failFrom('99')],
  ['an empty identifier', failFrom('')],
  ['a null identifier', { batchItemFailures: [{ itemIdentifier: null }] }],
  ['a key that is misspelt', { batchItemFailures: [{ itemIdentifer: '2' }] }],
  ['a null item', { batchItemFailures: [null] }],
  ['a good identifier beside a bad one', { batchItemFailures: [{ itemIdentifier: '2' }, {}] }],
])('a response with %s', (_, response) => {
  it('fails the whole batch', async () => {
    const answers: unknown[] = [response];
    const { seen, engine } = await play({
      records: records(3),
      mapping: REPORT,
      answer: () => answers.shift(),
    });

    expect(batches(seen)).toEqual(['1 2 3', '1 2 3']);
    expect(engine.stats.partialFailures).toBe(0);
  });
});

describe('record age', () => {
  it('discards what is too old before the first invocation', async () => {
    const { seen, failures } = await play({
      records: [...records(2, { fromMs: -120_000 }), ...records(2, { from: 3 })],
      mapping: { MaximumRecordAgeInSeconds: 60 },
    });

    expect(batches(seen)).toEqual(['3 4']);
    expect(failures[0]!.document).toMatchObject({
      requestContext: { condition: 'RecordAgeExceeded', approximateInvokeCount: 0 },
      KinesisBatchInfo: { startSequenceNumber: '1', endSequenceNumber: '2', batchSize: 2 },
    });
    expect(failures[0]!.document).not.toHaveProperty('responseContext');
  });

  it('ends retries that would go on for ever', async () => {
    const { seen, failures, engine } = await play({
      records: records(3),
      mapping: { MaximumRecordAgeInSeconds: 60 },
      answer: failing('1', 1_000),
    });

    // At 0, 1, 3, 7, 15 and 31 s; the next would be at 63 s.
    expect(seen).toHaveLength(6);
    expect(failures[0]!.document.requestContext).toMatchObject({ approximateInvokeCount: 6 });
    expect(engine.idle).toBe(true);
  });
});

describe('the on-failure destination', () => {
  const at = (arn: unknown) => ({
    MaximumRetryAttempts: 0,
    DestinationConfig: { OnFailure: { Destination: arn } },
  });

  it('of a queue gets the documented metadata only', async () => {
    const { failures, seen } = await play({
      records: records(2, { everyMs: 5, fromMs: -10 }),
      mapping: at({ 'Fn::GetAtt': ['Failed', 'Arn'] }),
      answer: failing('1', 1),
    });

    expect(failures).toEqual([
      {
        functionId: 'Consume',
        sourceId: 'Stream',
        destination: { kind: 'sqs', arn: 'arn:aws:sqs:local:000000000000:Failed' },
        key: null,
        document: {
          requestContext: {
            requestId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/),
            functionArn: 'arn:aws:lambda:local:000000000000:function:Consume',
            condition: 'RetryAttemptsExhausted',
            approximateInvokeCount: 1,
          },
          responseContext: {
            statusCode: 200,
            executedVersion: '$LATEST',
            functionError: 'Unhandled',
          },
          version: '1.0',
          timestamp: new Date(START_MS + seen[0]!.atMs).toISOString(),
          KinesisBatchInfo: {
            shardId: 'shard-0',
            startSequenceNumber: '1',
            endSequenceNumber: '2',
            approximateArrivalOfFirstRecord: new Date(START_MS - 10).toISOString(),
            approximateArrivalOfLastRecord: new Date(START_MS - 5).toISOString(),
            batchSize: 2,
            streamArn: 'arn:aws:kinesis:local:000000000000:stream/Events',
          },
        },
      },
    ]);
  });

  it('of a bucket gets the whole event too, under a key of its own', async () => {
    const { failures, delivered } = await play({
      records: records(2),
      mapping: at({ 'Fn::GetAtt': ['Kept', 'Arn'] }),
      answer: failing('1', 1),
    });

    expect(failures[0]!.key).toMatch(
      /^aws\/lambda\/ConsumeStream\/shard-0\/2026\/11\/21\/2026-11-21T12\.00\.0\d-[0-9a-f-]{36}$/,
    );
    expect(JSON.parse(failures[0]!.document.payload as string)).toEqual(delivered[0]);
  });
});

describe('a time-out', () => {
  it('fails the invocation at its limit, while the handler goes on as a zombie', async () => {
    const finished: number[] = [];
    let invocation = 0;
    const staged = stage({
      records: records(1),
      settings: { Timeout: 5 },
      answer: async () => {
        invocation += 1;
        const mine = invocation;
        await staged.scheduler.clock.sleep(mine === 1 ? 8_000 : 10);
        finished.push(mine);
      },
    });
    staged.engine.start();
    await staged.scheduler.run();

    expect(staged.seen[1]!.atMs - staged.seen[0]!.atMs).toBe(5_000 + 1_000 + 1);
    expect(finished).toEqual([2, 1]);
    const ends = staged.events.filter((event) => event.kind === 'invoke-end');
    expect(ends.map(({ outcome }) => outcome)).toEqual(['timeout', 'success']);
    expect(staged.engine.stats.failures).toEqual({ Consume: 1 });
  });

  it('that did not happen leaves nothing to wait for', async () => {
    const staged = stage({ records: records(1), settings: { Timeout: 900 } });
    staged.engine.start();
    await staged.scheduler.run();

    expect(staged.scheduler.nowMs).toBe(START_MS + staged.seen[0]!.atMs);
  });

  it('is what getRemainingTimeInMillis counts down to', async () => {
    const remaining: number[] = [];
    const staged = stage({
      records: records(1),
      settings: { Timeout: 5 },
      answer: async (_, context) => {
        remaining.push(context.getRemainingTimeInMillis());
        await staged.scheduler.clock.sleep(1_200);
        remaining.push(context.getRemainingTimeInMillis());
      },
    });
    staged.engine.start();
    await staged.scheduler.run();

    expect(remaining).toEqual([5_000, 3_800]);
  });
});

describe('throttling', () => {
  const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`);

  it('holds a function to its reserved concurrency, and loses nothing', async () => {
    let running = 0;
    let most = 0;
    const staged = stage({
      records: records(300, { keys }),
      settings: { ReservedConcurrentExecutions: 2 },
      mapping: { ParallelizationFactor: 6, MaximumRetryAttempts: 0 },
      answer: async () => {
        running += 1;
        most = Math.max(most, running);
        await staged.scheduler.clock.sleep(200);
        running -= 1;
      },
    });
    staged.engine.start();
    await runFor(staged, 3_600_000);

    expect(most).toBe(2);
    expect(staged.engine.stats).toMatchObject({ records: 300, deliveries: 300, discarded: 0 });
    expect(staged.engine.stats.throttles.Consume).toBeGreaterThan(0);
  });

  it('at zero never invokes', async () => {
    const { seen, engine } = await play(
      { records: records(5), settings: { ReservedConcurrentExecutions: 0 } },
      600_000,
    );

    expect(seen).toEqual([]);
    expect(engine.stats.throttles.Consume).toBeGreaterThan(10);
    expect(engine.idle).toBe(false);
  });
});
