import {
  createEngine,
  createScheduler,
  createTableStream,
  type FailureRecord,
  readTemplate,
} from '@millrace/engine';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { failFrom, START_MS } from './stage';

interface Options {
  readonly mapping?: Readonly<Record<string, unknown>>;
  readonly answer?: (sequences: readonly string[], nth: number) => unknown;
}

function templateOf(mapping: Options['mapping'] = {}): string {
  const KeySchema = [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ];
  const Stream = { 'Fn::GetAtt': ['Items', 'StreamArn'] };
  const Properties = { Stream, StartingPosition: 'TRIM_HORIZON', BatchSize: 10, ...mapping };
  return JSON.stringify({
    Resources: {
      Items: { Type: 'AWS::DynamoDB::Table', Properties: { KeySchema } },
      Dead: { Type: 'AWS::SQS::Queue' },
      Follow: {
        Type: 'AWS::Serverless::Function',
        Properties: {
          Handler: 'handler.handler',
          Events: { Changes: { Type: 'DynamoDB', Properties } },
        },
      },
    },
  });
}

const pattern = (Pattern: unknown) => ({
  FilterCriteria: { Filters: [{ Pattern: JSON.stringify(Pattern) }] },
});

/** Appends one insert for each name, `a#1` under partition key `a`; runs to the end. */
async function follow(names: readonly string[], { mapping, answer }: Options = {}) {
  const scheduler = createScheduler({ seed: 1, startMs: START_MS });
  const keys = { partitionKey: 'pk', sortKey: 'sk' };
  const stream = createTableStream({ table: 'Items', scheduler, keys });
  const batches: string[][] = [];
  const events: DynamoDBStreamEvent[] = [];
  const failures: FailureRecord[] = [];
  const engine = createEngine({
    application: readTemplate(templateOf(mapping)),
    scheduler,
    streams: {},
    tables: { Items: stream },
    onFailure: (record) => {
      failures.push(record);
    },
    handlers: {
      Follow: async (event) => {
        events.push(event as DynamoDBStreamEvent);
        const { Records } = event as DynamoDBStreamEvent;
        batches.push(Records.map(({ dynamodb }) => dynamodb?.Keys?.sk?.S ?? ''));
        const sequences = Records.map(({ dynamodb }) => dynamodb?.SequenceNumber ?? '');
        return answer?.(sequences, batches.length);
      },
    },
  });
  for (const name of names) {
    const next = { pk: name.split('#')[0]!, sk: name, n: 1, flag: true };
    stream.append({ old: undefined, next });
  }
  engine.start();
  await scheduler.run({ done: () => engine.idle || scheduler.nowMs > START_MS + 3_600_000 });
  engine.stop();
  return { batches, events, failures, engine };
}

test('changes come in their order, in batches', async () => {
  const names = Array.from({ length: 25 }, (_, at) => `a#${at}`);

  const { batches, engine } = await follow(names);

  expect(batches.map(({ length }) => length)).toEqual([10, 10, 5]);
  expect(batches.flat()).toEqual(names);
  expect(engine.idle).toBe(true);
});

test('a change arrives as Lambda sends it', async () => {
  const { events } = await follow(['a#1']);

  expect(events[0]?.Records[0]).toMatchObject({
    eventName: 'INSERT',
    eventSource: 'aws:dynamodb',
    dynamodb: {
      ApproximateCreationDateTime: START_MS / 1000,
      Keys: { pk: { S: 'a' }, sk: { S: 'a#1' } },
      NewImage: { pk: { S: 'a' }, sk: { S: 'a#1' }, n: { N: '1' }, flag: { BOOL: true } },
      StreamViewType: 'NEW_IMAGE',
    },
  });
});

describe('a partial response', () => {
  test('brings everything from the record it names on again', async () => {
    const answer = (sequences: readonly string[], nth: number) =>
      failFrom(nth === 1 ? sequences[2] : undefined);

    const { batches } = await follow(['a#1', 'a#2', 'a#3', 'a#4'], {
      mapping: { FunctionResponseTypes: ['ReportBatchItemFailures'] },
      answer,
    });

    expect(batches).toEqual([
      ['a#1', 'a#2', 'a#3', 'a#4'],
      ['a#3', 'a#4'],
    ]);
  });
});

test('what is given up goes to the destination, by its position', async () => {
  const { batches, failures } = await follow(['a#1', 'a#2'], {
    mapping: {
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Dead', 'Arn'] } } },
    },
    answer: () => {
      throw new Error('always');
    },
  });

  expect(batches).toHaveLength(2);
  expect(failures).toHaveLength(1);
  expect(failures[0]?.destination?.kind).toBe('sqs');
  expect(failures[0]?.document.DDBStreamBatchInfo).toMatchObject({ batchSize: 2 });
});

describe('filters', () => {
  const names = ['a#1', 'b#1', 'ab#1', 'a#2'];

  test.each([
    ['a prefix', { dynamodb: { Keys: { pk: { S: [{ prefix: 'a' }] } } } }, ['a#1', 'ab#1', 'a#2']],
    ['a value', { dynamodb: { Keys: { pk: { S: ['b'] } } } }, ['b#1']],
    ['one of several', { dynamodb: { Keys: { pk: { S: ['b', 'ab'] } } } }, ['b#1', 'ab#1']],
    ['all fields', { eventName: ['REMOVE'], dynamodb: { Keys: { pk: { S: ['b'] } } } }, []],
    ['a field that is not there', { dynamodb: { OldImage: { pk: { S: ['b'] } } } }, []],
  ])('%s', async (_name, filter, expected) => {
    const { batches, engine } = await follow(names, { mapping: pattern(filter) });

    expect(batches.flat()).toEqual(expected);
    expect(engine.idle).toBe(true);
  });

  test.each([
    ['an operator we do not know', { eventName: [{ 'anything-but': 'INSERT' }] }, 'knows strings'],
    ['a value that is no list', { eventName: 'INSERT' }, 'expected an object or a list'],
  ])('%s is refused', (_name, filter, complaint) => {
    expect(() => readTemplate(templateOf(pattern(filter)))).toThrow(complaint);
  });
});

test('a stream that was not given is named', () => {
  const scheduler = createScheduler({ seed: 1, startMs: START_MS });
  const application = readTemplate(templateOf());
  const handlers = { Follow: async () => undefined };

  expect(() => createEngine({ application, scheduler, streams: {}, handlers })).toThrow(
    'Follow.Changes reads the stream of Items, which was not given',
  );
});
