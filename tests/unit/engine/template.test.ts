import { readTemplate, TemplateError } from '@millrace/engine';

const read = (text: string, parameters: Record<string, string> = {}) =>
  readTemplate(text, { parameters, source: 'template.yaml' });

function problemOf(text: string, parameters: Record<string, string> = {}): string {
  try {
    read(text, parameters);
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    throw error;
  }
  return 'no error';
}

const CONSUMER = `
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Timeout: 30
    MemorySize: 512
    Environment:
      Variables:
        LEVEL: info
        STAGE: !Ref AWS::StackName
Parameters:
  Batch: { Type: Number, Default: 250, MinValue: 1, MaxValue: 10000 }
Resources:
  Consumer:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/consumer
      Handler: handler.handler
      Timeout: 60
      ReservedConcurrentExecutions: 4
      Environment:
        Variables:
          TABLE: !Ref State
          ARN: !Sub '\${State.Arn}/index/*'
          LEVEL: debug
          COUNT: 3
      Events:
        Stream:
          Type: Kinesis
          Properties:
            Stream: !GetAtt Events.Arn
            StartingPosition: TRIM_HORIZON
            BatchSize: !Ref Batch
            MaximumBatchingWindowInSeconds: 5
            ParallelizationFactor: 4
            BisectBatchOnFunctionError: true
            FunctionResponseTypes: [ReportBatchItemFailures]
            MaximumRecordAgeInSeconds: -1
            DestinationConfig:
              OnFailure: { Type: S3, Destination: !GetAtt Kept.Arn }
  State:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema:
        - { AttributeName: pk, KeyType: HASH }
        - { AttributeName: sk, KeyType: RANGE }
      GlobalSecondaryIndexes:
        - IndexName: due
          KeySchema:
            - { AttributeName: bucket, KeyType: HASH }
            - { AttributeName: due, KeyType: RANGE }
  Simple: { Type: AWS::Serverless::SimpleTable }
  Events: { Type: AWS::Kinesis::Stream, Properties: { ShardCount: 3 } }
  Kept: { Type: AWS::S3::Bucket }
  Dead: { Type: AWS::SQS::Queue }
`;

describe('an application', () => {
  const application = read(CONSUMER);

  it('has its functions, with the globals merged in', () => {
    expect(application.functions.get('Consumer')).toMatchObject({
      logicalId: 'Consumer',
      codeUri: 'functions/consumer',
      handler: 'handler.handler',
      timeoutMs: 60_000,
      memoryMb: 512,
      reservedConcurrency: 4,
      environment: {
        LEVEL: 'debug',
        STAGE: 'local',
        TABLE: 'State',
        ARN: 'arn:aws:dynamodb:local:000000000000:table/State/index/*',
        COUNT: '3',
      },
    });
  });

  it('has the Kinesis mapping of the function', () => {
    expect(application.functions.get('Consumer')!.sources).toEqual([
      {
        kind: 'kinesis',
        logicalId: 'Stream',
        stream: 'Events',
        enabled: true,
        batchSize: 250,
        windowMs: 5_000,
        parallelizationFactor: 4,
        bisect: true,
        reportBatchItemFailures: true,
        maxRetryAttempts: -1,
        maxRecordAgeMs: null,
        startingPosition: { kind: 'TRIM_HORIZON' },
        destination: { kind: 's3', arn: 'arn:aws:s3:::Kept' },
      },
    ]);
  });

  it('has its tables, streams, buckets and queues', () => {
    expect(application.tables.get('State')).toEqual({
      logicalId: 'State',
      partitionKey: 'pk',
      sortKey: 'sk',
      indexes: { due: { partitionKey: 'bucket', sortKey: 'due' } },
    });
    expect(application.tables.get('Simple')).toMatchObject({ partitionKey: 'id', sortKey: null });
    expect(application.streams.get('Events')).toEqual({
      logicalId: 'Events',
      arn: 'arn:aws:kinesis:local:000000000000:stream/Events',
      shardCount: 3,
    });
    expect([...application.buckets.keys()]).toEqual(['Kept']);
    expect([...application.queues.keys()]).toEqual(['Dead']);
    expect(application.unsupported).toEqual([]);
  });

  it('has Lambda’s defaults where the template says nothing', () => {
    const { functions } = read(`
Resources:
  F: { Type: AWS::Serverless::Function, Properties: { Handler: a.b } }
`);

    expect(functions.get('F')).toMatchObject({
      codeUri: null,
      timeoutMs: 3_000,
      memoryMb: 128,
      reservedConcurrency: null,
      environment: {},
      sources: [],
    });
  });

  it('takes mappings that are resources of their own, before or after their function', () => {
    const { functions } = read(`
Resources:
  Map:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !GetAtt F.Arn
      EventSourceArn: !Ref Reader
      StartingPosition: AT_TIMESTAMP
      StartingPositionTimestamp: 1700000000
  Reader:
    Type: AWS::Kinesis::StreamConsumer
    Properties: { StreamARN: !GetAtt Events.Arn, ConsumerName: reader }
  F: { Type: AWS::Lambda::Function, Properties: { Handler: a.b } }
  Events: { Type: AWS::Kinesis::Stream, Properties: { StreamModeDetails: { StreamMode: ON_DEMAND } } }
`);

    expect(functions.get('F')!.sources).toMatchObject([
      {
        logicalId: 'Map',
        stream: 'Events',
        batchSize: 100,
        startingPosition: { kind: 'AT_TIMESTAMP', atMs: 1_700_000_000_000 },
      },
    ]);
  });

  it('reports every event source that is not run', () => {
    const { functions, unsupported } = read(`
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Events:
        Web: { Type: HttpApi, Properties: { Path: /, Method: get } }
        Paris: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 minute), ScheduleExpressionTimezone: Europe/Paris } }
        Other: { Type: Kinesis, Properties: { Stream: arn:aws:kinesis:eu-west-1:1:stream/x, StartingPosition: LATEST } }
        Tick: { Type: Schedule, Properties: { Schedule: rate(1 minute) } }
  Map:
    Type: AWS::Lambda::EventSourceMapping
    Properties: { FunctionName: !Ref F, EventSourceArn: !GetAtt Q.Arn }
  Q: { Type: AWS::SQS::Queue }
  Rule: { Type: AWS::Events::Rule }
  Logs: { Type: AWS::Logs::SubscriptionFilter }
`);

    expect(functions.get('F')!.sources.map(({ logicalId }) => logicalId)).toEqual(['Tick']);
    expect(unsupported.map(({ logicalId, event, type }) => [logicalId, event, type])).toEqual([
      ['F', 'Web', 'HttpApi'],
      ['F', 'Paris', 'ScheduleV2'],
      ['F', 'Other', 'Kinesis'],
      ['Rule', null, 'AWS::Events::Rule'],
      ['Logs', null, 'AWS::Logs::SubscriptionFilter'],
      ['Map', null, 'AWS::Lambda::EventSourceMapping'],
    ]);
    for (const { reason } of unsupported) expect(reason).not.toBe('');
  });
});

/** Resolves one expression as the value of an environment variable. */
function resolved(expression: string, parameters: Record<string, string> = {}): string | undefined {
  const { functions } = read(
    `
Parameters:
  Name: { Type: String, Default: orders }
  Size: { Type: Number, Default: 5 }
  Zones: { Type: CommaDelimitedList, Default: 'a, b,c' }
  Mode: { Type: String, Default: small, AllowedValues: [small, large] }
Mappings:
  Sizes:
    small: { Shards: 1 }
    large: { Shards: 8 }
Conditions:
  IsLarge: !Equals [!Ref Mode, large]
  IsOrders: !Equals [!Ref Name, orders]
  Both: !And [!Condition IsLarge, !Condition IsOrders]
  Either: !Or [!Condition IsLarge, !Condition IsOrders]
  Neither: !Not [!Condition Either]
Resources:
  Table: { Type: AWS::DynamoDB::Table, Properties: { KeySchema: [{ AttributeName: pk, KeyType: HASH }] } }
  Stream: { Type: AWS::Kinesis::Stream }
  Topic: { Type: AWS::SNS::Topic }
  Queue: { Type: AWS::SQS::Queue }
  Machine: { Type: AWS::Serverless::StateMachine }
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Environment:
        Variables:
          VALUE: ${expression}
`,
    parameters,
  );
  return functions.get('F')!.environment.VALUE;
}

describe('intrinsic functions', () => {
  it.each([
    ['!Ref Name', 'orders'],
    ['!Ref Size', '5'],
    ['!Ref AWS::Region', 'local'],
    ['{ Ref: Name }', 'orders'],
    ['!Ref Table', 'Table'],
    ['!Ref Topic', 'arn:aws:sns:local:000000000000:Topic'],
    ['!Ref Queue', 'http://sqs.local/000000000000/Queue'],
    ['!Ref Machine', 'arn:aws:states:local:000000000000:stateMachine:Machine'],
    ['!GetAtt Stream.Arn', 'arn:aws:kinesis:local:000000000000:stream/Stream'],
    ['!GetAtt [Stream, Arn]', 'arn:aws:kinesis:local:000000000000:stream/Stream'],
    ['{ "Fn::GetAtt": [Queue, QueueName] }', 'Queue'],
    ['!GetAtt FRole.Arn', 'arn:aws:iam::000000000000:role/FRole'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
    ["!Sub '${Name}-${Table.Arn}'", 'orders-arn:aws:dynamodb:local:000000000000:table/Table'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
    ["!Sub '${Size}${!Size}'", '5${Size}'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
    ["!Sub ['${A}/${Name}', { A: !Ref Size }]", '5/orders'],
    ["!Join ['-', [a, !Ref Name, !Ref AWS::NoValue]]", 'a-orders'],
    ["!Join ['+', !Ref Zones]", 'a+b+c'],
    ['!Select [1, !Ref Zones]', 'b'],
    ["!Select [2, !Split ['/', x/y/z]]", 'z'],
    ['!FindInMap [Sizes, !Ref Mode, Shards]', '1'],
    ['!If [IsLarge, big, !Ref Name]', 'orders'],
    ['!If [Both, yes, no]', 'no'],
    ['!If [Either, yes, no]', 'yes'],
    ['!If [Neither, yes, no]', 'no'],
    ['!Base64 ab', 'YWI='],
    ['!If [IsLarge, big, !Ref AWS::NoValue]', undefined],
  ])('%s is %s', (expression, expected) => {
    expect(resolved(expression)).toBe(expected);
  });

  it('follow the parameters that are given', () => {
    expect(resolved('!If [Both, yes, no]', { Mode: 'large' })).toBe('yes');
    expect(resolved('!FindInMap [Sizes, !Ref Mode, Shards]', { Mode: 'large' })).toBe('8');
  });

  it.each([
    ['!Ref Missing', 'there is no resource or parameter Missing'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
    ["!Sub '${Missing}'", 'there is no resource or parameter Missing'],
    ['!FindInMap [Sizes, huge, Shards]', 'mapping Sizes has no huge.Shards'],
    ['!Select [7, !Ref Zones]', 'there is no item 7'],
    ['!If [Nobody, a, b]', 'there is no condition Nobody'],
    ['!ImportValue other-table', 'needs another stack'],
    ['!GetAZs local', 'Fn::GetAZs is not supported by the local engine'],
    ['!Join [a]', 'expected a list of 2'],
    ['!Ref Zones', 'expected a string'],
  ])('%s is refused: %s', (expression, problem) => {
    const where = 'F.Properties.Environment.Variables.VALUE';
    expect(() => resolved(expression)).toThrow(problem);
    expect(() => resolved(expression)).toThrow(where);
  });
});

describe('parameters', () => {
  const declare = (rules: string) =>
    `Parameters: { P: { ${rules} } }\nResources: { T: { Type: AWS::SNS::Topic } }`;

  it('take what is given over their default', () => {
    expect(read(declare('Type: Number, Default: 5'), { P: '7' }).parameters).toEqual({ P: '7' });
    expect(read(declare('Type: Number, Default: 5')).parameters).toEqual({ P: '5' });
  });

  it.each([
    ['Type: String', {}, 'has no default and was given no value'],
    ['Type: Number', { P: 'many' }, 'expected a number, got "many"'],
    ['Type: Number, MinValue: 2', { P: '1' }, 'expected at least 2, got "1"'],
    ['Type: Number, MaxValue: 2', { P: '3' }, 'expected at most 2, got "3"'],
    ['Type: String, AllowedValues: [a, b]', { P: 'c' }, 'expected one of a, b, got "c"'],
    ["Type: String, AllowedPattern: '[a-z]+'", { P: 'abc1' }, 'expected to match [a-z]+'],
    ['Type: String, MinLength: 2', { P: 'a' }, 'expected at least 2 characters'],
    ['Type: String, MaxLength: 2', { P: 'abc' }, 'expected at most 2 characters'],
    ['Type: String, Default: c, AllowedValues: [a]', {}, 'expected one of a, got "c"'],
    [
      'Type: CommaDelimitedList, AllowedValues: [a, b]',
      { P: 'a,x' },
      'expected one of a, b, got "x"',
    ],
  ])('of { %s } given %j: %s', (rules, given, problem) => {
    const message = problemOf(declare(rules), given as Record<string, string>);
    expect(message).toContain(problem);
    expect(message).toContain('Parameters.P');
  });

  it('that the template does not have are refused', () => {
    expect(problemOf(declare('Type: String, Default: a'), { Q: '1' })).toContain('no parameter Q');
  });
});

describe('conditions', () => {
  const text = `
Parameters: { On: { Type: String, Default: 'false' } }
Conditions: { IsOn: !Equals [!Ref On, 'true'] }
Resources:
  Stream: { Type: AWS::Kinesis::Stream }
  Extra: { Type: AWS::SQS::Queue, Condition: IsOn }
  G: { Type: AWS::Serverless::Function, Condition: IsOn, Properties: { Handler: a.b } }
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Environment: !If [IsOn, { Variables: { EXTRA: !Ref Extra } }, !Ref AWS::NoValue]
      Events:
        Always: { Type: Schedule, Properties: { Schedule: rate(1 minute) } }
        Chosen: !If [IsOn, { Type: Schedule, Properties: { Schedule: rate(1 day) } }, !Ref AWS::NoValue]
        Marked: { Type: Schedule, Condition: IsOn, Properties: { Schedule: rate(1 hour) } }
`;
  const summary = (on: string) => {
    const { functions, queues, conditions } = read(text, { On: on });
    const { sources, environment } = functions.get('F')!;
    return {
      functions: [...functions.keys()],
      queues: [...queues.keys()],
      sources: sources.map(({ logicalId }) => logicalId),
      environment: Object.keys(environment),
      conditions,
    };
  };

  it('leave out resources, functions and events that are false', () => {
    expect(summary('false')).toEqual({
      functions: ['F'],
      queues: [],
      sources: ['Always'],
      environment: [],
      conditions: { IsOn: false },
    });
  });

  it('keep those that are true', () => {
    expect(summary('true')).toEqual({
      functions: ['G', 'F'],
      queues: ['Extra'],
      sources: ['Always', 'Chosen', 'Marked'],
      environment: ['EXTRA'],
      conditions: { IsOn: true },
    });
  });

  it('that go round in a circle are refused', () => {
    const circle = `
Conditions: { A: !Not [!Condition B], B: !Not [!Condition A] }
Resources: { T: { Type: AWS::SNS::Topic } }`;
    expect(problemOf(circle)).toContain('depends on itself');
  });

  it('make a reference to a resource that is left out an error', () => {
    const dangling = text
      .replace('Extra: { Type', 'Gone: { Type')
      .replace(
        '!If [IsOn, { Variables: { EXTRA: !Ref Extra } }, !Ref AWS::NoValue]',
        '{ Variables: { EXTRA: !Ref Gone } }',
      );
    expect(problemOf(dangling)).toContain('refers to Gone, whose condition IsOn is false');
  });
});

/** A consumer with one property of its mapping set. */
const mappingWith = (property: string) => `
Resources:
  Events: { Type: AWS::Kinesis::Stream }
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: a.b
      Events:
        Stream:
          Type: Kinesis
          Properties:
            Stream: !GetAtt Events.Arn
            StartingPosition: TRIM_HORIZON
            ${property}
`;

describe('a mistake', () => {
  it.each([
    ['BatchSize: 10001', 'BatchSize: expected an integer from 1 to 10000, got "10001"'],
    ['BatchSize: ten', 'BatchSize: expected an integer from 1 to 10000, got "ten"'],
    ['ParallelizationFactor: 11', 'expected an integer from 1 to 10, got "11"'],
    ['MaximumBatchingWindowInSeconds: 301', 'expected an integer from 0 to 300'],
    ['MaximumRecordAgeInSeconds: 59', 'expected -1 or 60 to 604800, got "59"'],
    ['BisectBatchOnFunctionError: maybe', 'expected true or false, got "maybe"'],
    ['TumblingWindowInSeconds: 30', 'tumbling windows are not supported by the local engine'],
    ['FilterCriteria: { Filters: [] }', 'event filtering is not supported by the local engine'],
    [
      'DestinationConfig: { OnFailure: { Destination: here } }',
      'expected the ARN of a queue, topic or bucket',
    ],
  ])('in the mapping is named with its place: %s', (property, problem) => {
    const message = problemOf(mappingWith(property));

    expect(message).toMatch(/^template\.yaml:14:\d+: F\.Properties\.Events\.Stream\.Properties\./);
    expect(message).toContain(problem);
  });

  it.each([
    ['StartingPosition: TRIM_HORIZON', 'StartingPosition: LAST', 'expected TRIM_HORIZON, LATEST'],
    [
      'StartingPosition: TRIM_HORIZON',
      'StartingPosition: AT_TIMESTAMP',
      'StartingPositionTimestamp: is required',
    ],
    ['StartingPosition: TRIM_HORIZON', 'Enabled: true', 'StartingPosition: is required'],
    ['Type: Kinesis\n', 'Typ: Kinesis\n', 'Events.Stream.Type: is required'],
  ])('of %s: %s is %s', (from, to, problem) => {
    expect(problemOf(mappingWith('BatchSize: 5').replace(from, to))).toContain(problem);
  });

  it.each([
    ['Resources:\n  A: {\n', /^template\.yaml:\d+:\d+: /],
    [
      'Resources: { A: { Type: x }, A: { Type: y } }',
      /^template\.yaml:1:30: Map keys must be unique/,
    ],
    ['Resources: { A: !Reff B }', /^template\.yaml:1:17: Unresolved tag: !Reff/],
    ['just text', /expected a template/],
    ['Resources: { A: {} }', /^template\.yaml:1:17: A: has no Type/],
  ])('of syntax is named with its line: %j', (text, expected) => {
    expect(problemOf(text)).toMatch(expected);
  });

  it('carries its place as data', () => {
    expect(() => read(mappingWith('BatchSize: 0'))).toThrow(
      expect.objectContaining({
        place: {
          source: 'template.yaml',
          line: 14,
          column: 24,
          logicalId: 'F',
          property: 'Properties.Events.Stream.Properties.BatchSize',
        },
      }),
    );
  });
});
