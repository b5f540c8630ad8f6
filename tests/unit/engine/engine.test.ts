import {
  createEngine,
  createScheduler,
  createStream,
  EngineError,
  type EngineOptions,
  readTemplate,
} from '@millrace/engine';
import { records, START_MS, shard, stage } from './stage';

const TEMPLATE = `
Resources:
  Events: { Type: AWS::Kinesis::Stream }
  First:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Events:
        Stream: { Type: Kinesis, Properties: { Stream: !GetAtt Events.Arn, StartingPosition: TRIM_HORIZON } }
  Second:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Events:
        Stream: { Type: Kinesis, Properties: { Stream: !GetAtt Events.Arn, StartingPosition: TRIM_HORIZON, BatchSize: 3 } }
        Tick: { Type: Schedule, Properties: { Schedule: rate(1 minute) } }
`;

function setUp(options: Partial<EngineOptions> = {}) {
  const scheduler = createScheduler({ seed: 1, startMs: START_MS });
  const stream = createStream({ name: 'Events', scheduler, shards: [shard('shard-0')] });
  stream.load(records(9));
  const engine = createEngine({
    application: readTemplate(TEMPLATE),
    handlers: { First: async () => {}, Second: async () => {} },
    scheduler,
    streams: { Events: stream },
    ...options,
  });
  return { scheduler, stream, engine };
}

describe('an engine', () => {
  it('feeds every function that reads a stream, each at its own pace', async () => {
    const { scheduler, engine, stream } = setUp();
    engine.start();
    await scheduler.run({ done: () => engine.idle });

    expect(engine.stats.invocations).toEqual({ First: 1, Second: 3 });
    expect(engine.stats.records).toBe(18);
    // Both have passed all records, so the stream holds none of them any more.
    expect(stream.shards[0]!.read(0)).toBeUndefined();
    expect(stream.shards[0]!.end).toBe(9);
  });

  it('leaves functions without handler alone and says so', async () => {
    const { scheduler, engine } = setUp({ handlers: { First: async () => {} } });
    engine.start();
    await scheduler.run();

    expect(engine.notRun).toEqual(['Second.Stream', 'Second.Tick']);
    expect(engine.stats.invocations).toEqual({ First: 1 });
  });

  it('refuses a handler for a function that is not there', () => {
    expect(() => setUp({ handlers: { Third: async () => {} } })).toThrow(
      'there is a handler for Third, but no such function',
    );
  });

  it('refuses to go without a stream that a function reads', () => {
    expect(() => setUp({ streams: {} })).toThrow(EngineError);
  });

  it('gives a handler what it needs to know of its invocation', async () => {
    const contexts: unknown[] = [];
    const staged = stage({
      records: records(1),
      settings: { MemorySize: 1024 },
      answer: (_, context) => contexts.push(context),
    });
    staged.engine.start();
    await staged.scheduler.run();

    expect(contexts[0]).toMatchObject({
      functionName: 'Consume',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:local:000000000000:function:Consume',
      memoryLimitInMB: '1024',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('starts a handler within its latency of the decision to invoke', async () => {
    const staged = stage({ records: records(50, { everyMs: 1_000 }), invokeLatencyMs: [5, 9] });
    staged.engine.start();
    await staged.scheduler.run();

    const latencies = staged.seen.map(({ atMs }) => (atMs - staged.seen[0]!.atMs) % 1_000);
    expect(new Set(latencies).size).toBeGreaterThan(1);
    const spread = staged.seen.map(({ atMs }) => atMs % 1_000);
    expect(Math.max(...spread) - Math.min(...spread)).toBeLessThanOrEqual(4);
  });
});
