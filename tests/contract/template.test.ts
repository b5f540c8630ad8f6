import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type Document, type Properties, resourcesOf, template } from './template/document';

const defaults = template();
const functions = resourcesOf(defaults, 'AWS::Serverless::Function');
const tables = resourcesOf(defaults, 'AWS::DynamoDB::Table');
const queues = resourcesOf(defaults, 'AWS::SQS::Queue');
const roles = resourcesOf(defaults, 'AWS::IAM::Role');

const mapping = (document: Document) =>
  document.Resources.StreamConsumer?.Properties.Events.Records.Properties;
const variables = (document: Document) => document.Globals.Function.Environment.Variables;
const propertiesOf = (document: Document, name: string) => document.Resources[name]?.Properties;

/** Every parameter with a value no other has, and all the places where it must arrive. */
const LANDINGS: readonly [string, string | number, (document: Document) => readonly unknown[]][] = [
  [
    'Architecture',
    'x86_64',
    (d) => [
      d.Globals.Function.Architectures[0],
      propertiesOf(d, 'CoreLayer').CompatibleArchitectures[0],
    ],
  ],
  ['StreamMode', 'PROVISIONED', (d) => [propertiesOf(d, 'Stream').StreamModeDetails.StreamMode]],
  [
    'RetentionHours',
    31,
    (d) => [propertiesOf(d, 'Stream').RetentionPeriodHours, variables(d).STREAM_RETENTION_HOURS],
  ],
  ['BatchSize', 1001, (d) => [mapping(d).BatchSize]],
  ['BatchWindowSeconds', 17, (d) => [mapping(d).MaximumBatchingWindowInSeconds]],
  [
    'ParallelizationFactor',
    9,
    (d) => [mapping(d).ParallelizationFactor, variables(d).PARALLELIZATION_FACTOR],
  ],
  ['BisectBatchOnFunctionError', 'false', (d) => [mapping(d).BisectBatchOnFunctionError]],
  ['MaximumRetryAttempts', 4321, (d) => [mapping(d).MaximumRetryAttempts]],
  ['MaximumRecordAgeSeconds', 54_321, (d) => [mapping(d).MaximumRecordAgeInSeconds]],
  ['ConsumerMemoryMb', 2048, (d) => [propertiesOf(d, 'StreamConsumer').MemorySize]],
  ['ConsumerTimeoutSeconds', 77, (d) => [propertiesOf(d, 'StreamConsumer').Timeout]],
  [
    'ReservedConcurrency',
    23,
    (d) => [propertiesOf(d, 'StreamConsumer').ReservedConcurrentExecutions],
  ],
  [
    'SweepRate',
    'rate(3 minutes)',
    (d) => [propertiesOf(d, 'StreamSweeper').Events.EveryMinute.Properties.ScheduleExpression],
  ],
  [
    'AlertEmail',
    'someone@example.com',
    (d) => [propertiesOf(d, 'AlertEmailSubscription').Endpoint],
  ],
  [
    'AlarmTopicArn',
    'arn:aws:sns:us-east-1:123456789012:operators',
    (d) =>
      resourcesOf(d, 'AWS::CloudWatch::Alarm').flatMap(([, { Properties }]) => [
        ...(Properties.AlarmActions ?? ['']),
        ...(Properties.OKActions ?? ['']),
      ]),
  ],
  [
    'TimestreamMemoryHours',
    37,
    (d) => [
      propertiesOf(d, 'TimestreamTable').RetentionProperties.MemoryStoreRetentionPeriodInHours,
    ],
  ],
  [
    'TimestreamDays',
    1234,
    (d) => [
      propertiesOf(d, 'TimestreamTable').RetentionProperties.MagneticStoreRetentionPeriodInDays,
    ],
  ],
  ['QuarantineAlarmRecords', 123_456, (d) => [propertiesOf(d, 'QuarantineAlarm').Threshold]],
  ['StateTtlDays', 13, (d) => [variables(d).STATE_TTL_DAYS]],
  [
    'QuarantineRetentionDays',
    41,
    (d) => [propertiesOf(d, 'QuarantineBucket').LifecycleConfiguration.Rules[0].ExpirationInDays],
  ],
  ['LogLevel', 'ERROR', (d) => [variables(d).LOG_LEVEL, variables(d).POWERTOOLS_LOG_LEVEL]],
  [
    'LogRetentionDays',
    545,
    (d) =>
      resourcesOf(d, 'AWS::Logs::LogGroup').map(([, group]) => group.Properties.RetentionInDays),
  ],
];

function leavesOf(document: Document): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  const walk = (path: string, node: unknown): void => {
    if (typeof node !== 'object' || node === null) leaves.set(path, node);
    else for (const [name, child] of Object.entries(node)) walk(`${path}.${name}`, child);
  };
  walk('Globals', document.Globals);
  walk('Resources', document.Resources);
  return leaves;
}

describe('parameters', () => {
  const parameters = Object.entries(defaults.Parameters);

  test.each(LANDINGS)('%s lands on its own property', (name, value, landings) => {
    const places = landings(template({ [name]: value }));

    expect(places.length).toBeGreaterThan(0);
    for (const place of places) expect(place).toBe(value);
    expect(landings(defaults)).not.toContain(value);
  });

  test.each(LANDINGS)('%s changes nothing but its own properties', (name, value, landings) => {
    const before = leavesOf(defaults);
    const after = leavesOf(template({ [name]: value }));
    const changed = [...after].filter(([path, leaf]) => before.get(path) !== leaf);
    // A provisioned stream also gets its shards.
    const own = changed.filter(([path]) => path !== 'Resources.Stream.Properties.ShardCount');

    expect(own.map(([, leaf]) => leaf)).toEqual(landings(defaults).map(() => value));
  });

  test.each([
    ['PROVISIONED', 7],
    ['ON_DEMAND', undefined],
  ])('ShardCount of a stream that is %s is %s', (StreamMode, expected) => {
    const stream = propertiesOf(template({ StreamMode, ShardCount: 7 }), 'Stream');

    expect(stream.ShardCount).toBe(expected);
  });

  test('ReservedConcurrency 0 reserves nothing, instead of forbidding every invocation', () => {
    expect(propertiesOf(defaults, 'StreamConsumer')).not.toHaveProperty(
      'ReservedConcurrentExecutions',
    );
  });

  test('no parameter is left out above', () => {
    // RunbookUrl stands inside texts, CreateDashboard in a condition: template/operations.test.ts.
    // Those of an existing stream choose resources: template/stream.test.ts.
    const existing = ['ExistingStreamArn', 'ExistingStreamKeyArn', 'EnableEfo'];
    // EnableTimestream is a condition: template/timestream.test.ts.
    const conditions = ['CreateDashboard', 'EnableTimestream'];
    const elsewhere = ['ShardCount', 'RunbookUrl', ...conditions, ...existing];
    const tested = [...LANDINGS.map(([name]) => name), ...elsewhere].sort();

    expect(tested).toEqual(parameters.map(([name]) => name).sort());
  });

  test.each(parameters)(
    '%s has a type, a description, a constraint and a default within it',
    (_name, parameter) => {
      const { Type, Default, Description, AllowedValues, AllowedPattern, MinValue, MaxValue } =
        parameter;

      expect(['String', 'Number']).toContain(Type);
      expect(Description.length).toBeGreaterThan(20);
      if (AllowedValues) expect(AllowedValues).toContain(Default);
      else if (AllowedPattern) expect(Default).toMatch(new RegExp(AllowedPattern));
      else {
        expect(Default).toBeGreaterThanOrEqual(MinValue as number);
        expect(Default).toBeLessThanOrEqual(MaxValue as number);
      }
    },
  );

  test.each(parameters)('%s is documented with its default', (name, { Default }) => {
    // The formatter aligns the columns of tables.
    const page = readFileSync('docs/reference/parameters.md', 'utf8').replace(/ +/g, ' ');

    const shown = Default === '' ? 'none' : `\`${Default}\``;
    expect(page).toContain(`| \`${name}\` | ${shown} |`);
  });
});

describe('stream mappings', () => {
  const mappings = functions.flatMap(([, { Properties }]) =>
    Object.values<Properties>(Properties.Events ?? {})
      .filter(({ Type }) => Type === 'Kinesis' || Type === 'DynamoDB')
      .map((event): [string, Properties] => [Properties.CodeUri, event.Properties]),
  );

  test('there are some', () => expect(mappings.length).toBeGreaterThan(1));

  test.each(mappings)(
    '%s reports failures by item and keeps what is discarded',
    (_name, properties) => {
      expect(properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
      expect(properties.DestinationConfig.OnFailure.Destination).toBeDefined();
      expect(properties.MaximumRetryAttempts).toBe(-1);
      expect(properties.MaximumRecordAgeInSeconds).toBe(-1);
    },
  );

  test.each(mappings)(
    '%s starts at the oldest record and counts no windows by arrival',
    (_name, properties) => {
      expect(properties.StartingPosition).toBe('TRIM_HORIZON');
      expect(properties).not.toHaveProperty('TumblingWindowInSeconds');
      // A filter drops data that is no JSON in silence; changes of a table are never that.
      if (properties.Stream['Fn::GetAtt'][1] === 'StreamArn') return;
      expect(properties).not.toHaveProperty('FilterCriteria');
    },
  );
});

describe.each(functions)('function %s', (name, { Properties: properties, Metadata: metadata }) => {
  const folder: string = properties.CodeUri;

  test('is named like its folder, in its service name too', () => {
    const kebab = name.replace(/(?<!^)([A-Z])/g, '-$1').toLowerCase();

    expect(folder).toBe(`functions/${kebab}`);
    expect(properties.Environment.Variables.POWERTOOLS_SERVICE_NAME).toBe(kebab);
  });

  test('has its entry file, and no package.json that SAM would install', () => {
    expect(existsSync(`${folder}/handler.ts`)).toBe(true);
    expect(existsSync(`${folder}/package.json`)).toBe(false);
  });

  test('is bundled with the settings of all others, its entry points aside', () => {
    const settings = ({ EntryPoints: _own, ...rest }: Properties) => rest;
    const first = defaults.Resources.StreamConsumer?.Metadata.BuildProperties;

    expect(metadata.BuildMethod).toBe('esbuild');
    expect(settings(metadata.BuildProperties)).toEqual(settings(first));
  });

  test('logs into its own group with a retention', () => {
    const group = properties.LoggingConfig.LogGroup.Ref;
    const users = functions.filter(([, f]) => f.Properties.LoggingConfig.LogGroup.Ref === group);

    expect(defaults.Resources[group]?.Properties.RetentionInDays).toBeGreaterThan(0);
    expect(users).toHaveLength(1);
  });

  test('loses no failed invocation', () => {
    for (const event of Object.values<Properties>(properties.Events)) {
      const isStream =
        event.Type === 'Kinesis' || event.Type === 'DynamoDB' || event.Type === 'SQS';
      const target = isStream
        ? event.Properties.DestinationConfig.OnFailure.Destination
        : event.Properties.DeadLetterConfig.Arn;
      const [resource] = target['Fn::GetAtt'];
      expect(defaults.Resources).toHaveProperty(resource);
      if (isStream) continue;
      // A schedule invokes asynchronously: the function's own failures take another way.
      expect(properties.EventInvokeConfig.DestinationConfig.OnFailure.Destination).toEqual(target);
    }
  });

  test('has a role of its own, written out', () => {
    const [role] = properties.Role['Fn::GetAtt'];

    expect(defaults.Resources[role]?.Type).toBe('AWS::IAM::Role');
    expect(defaults.Resources[role]?.Properties).not.toHaveProperty('ManagedPolicyArns');
    expect(functions.filter(([, f]) => f.Properties.Role['Fn::GetAtt'][0] === role)).toHaveLength(
      1,
    );
    expect(properties).not.toHaveProperty('Policies');
  });
});

/** Each statement against the calls that need it: permissions/permissions.test.ts. */
describe('permissions', () => {
  const statements = roles.flatMap(([name, { Properties }]) =>
    Properties.Policies.flatMap((policy: Properties) =>
      policy.PolicyDocument.Statement.map((statement: Properties): [string, string, Properties] => [
        name,
        [statement.Action].flat().join(', '),
        statement,
      ]),
    ),
  ) as [string, string, Properties][];

  test.each(statements)(
    '%s: %s is for resources of this stack only',
    (_role, _actions, statement) => {
      const actions: string[] = [statement.Action].flat();
      const targets: Properties[] = [statement.Resource].flat();

      expect(statement.Effect).toBe('Allow');
      // AWS takes no resource for it: the answer is the same for all of an account.
      if (_actions === 'timestream:DescribeEndpoints') return;
      for (const action of actions) expect(action).not.toContain('*');
      for (const target of targets) {
        const resource =
          target['Fn::GetAtt']?.[0] ?? /^\$\{(\w+)\.Arn\}\/./.exec(target['Fn::Sub'])?.[1];
        expect(defaults.Resources).toHaveProperty(resource);
      }
    },
  );

  test('the scheduled function may write to its dead letters', () => {
    const sends = statements.filter(
      ([role, actions]) => role === 'StreamSweeperRole' && actions === 'sqs:SendMessage',
    );

    expect(sends).toHaveLength(1);
  });
});

describe('data', () => {
  const kinds = ['AWS::DynamoDB::Table', 'AWS::Kinesis::Stream', 'AWS::S3::Bucket'];
  const holders = kinds.flatMap((type) => resourcesOf(defaults, type));

  test.each(holders)('%s survives the stack and a replacement', (_name, resource) => {
    expect(resource.DeletionPolicy).toBe('Retain');
    expect(resource.UpdateReplacePolicy).toBe('Retain');
  });

  test.each(holders)(
    '%s has a generated name, so that a second stack can be made',
    (_name, { Properties }) => {
      for (const fixed of ['Name', 'TableName', 'BucketName'])
        expect(Properties).not.toHaveProperty(fixed);
    },
  );

  test.each(tables)(
    '%s is on demand, encrypted, recoverable and expires by ttl',
    (_name, { Properties }) => {
      expect(Properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        SSESpecification: { SSEEnabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      });
    },
  );

  test('the due index is sorted by a number, since its times are compared as numbers', () => {
    const { AttributeDefinitions, GlobalSecondaryIndexes } = propertiesOf(defaults, 'StateTable');

    expect(AttributeDefinitions).toContainEqual({ AttributeName: 'due', AttributeType: 'N' });
    expect(GlobalSecondaryIndexes).toEqual([
      {
        IndexName: 'due',
        KeySchema: [
          { AttributeName: 'dueBucket', KeyType: 'HASH' },
          { AttributeName: 'due', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });

  test('results stream their new images', () => {
    expect(propertiesOf(defaults, 'ResultsTable').StreamSpecification.StreamViewType).toBe(
      'NEW_IMAGE',
    );
  });

  test('the stream is encrypted', () => {
    expect(propertiesOf(defaults, 'Stream').StreamEncryption).toEqual({
      EncryptionType: 'KMS',
      KeyId: 'alias/aws/kinesis',
    });
  });

  test('the bucket is private and encrypted, and keeps no versions', () => {
    const bucket = propertiesOf(defaults, 'QuarantineBucket');

    expect(Object.values(bucket.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(bucket.BucketEncryption.ServerSideEncryptionConfiguration).toHaveLength(1);
    expect(bucket).not.toHaveProperty('VersioningConfiguration');
  });

  test.each(queues)(
    '%s is encrypted, and is a dead-letter queue or has one',
    (name, { Properties }) => {
      const isDestination = ['Arn', 'Destination'].some((property) =>
        JSON.stringify(defaults.Resources).includes(
          `"${property}":{"Fn::GetAtt":["${name}","Arn"]}`,
        ),
      );

      expect(Properties.SqsManagedSseEnabled).toBe(true);
      expect(isDestination || Properties.RedrivePolicy !== undefined).toBe(true);
    },
  );
});

describe('layout', () => {
  test('every folder of functions/ is a function of the template', () => {
    const folders = readdirSync('functions').map((name) => `functions/${name}`);

    expect(functions.map(([, { Properties }]) => Properties.CodeUri).sort()).toEqual(
      folders.sort(),
    );
  });

  test('no path below /opt is written down: layers lie elsewhere when run locally', () => {
    const sources = ['functions', 'adapters/src', 'layers/core/src'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts'))
        .map((path) => `${folder}/${path}`),
    );
    const offenders = ['template.yaml', ...sources].filter((path) =>
      /['"` ]\/opt\//.test(readFileSync(path, 'utf8')),
    );

    expect(sources.length).toBeGreaterThan(10);
    expect(offenders).toEqual([]);
  });

  test('outputs name resources of the stack', () => {
    for (const { Value, Description } of Object.values(defaults.Outputs)) {
      const { Ref, 'Fn::GetAtt': attribute } = Value as Record<string, string & string[]>;
      expect(defaults.Resources).toHaveProperty(Ref ?? attribute?.[0] ?? 'nothing');
      expect(Description).not.toBe('');
    }
  });
});
