import { readFileSync } from 'node:fs';
import { type Document, resourcesOf, template } from './document';

const defaults = template();
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
  ['ParallelizationFactor', 9, (d) => [mapping(d).ParallelizationFactor]],
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
  ['NewSeriesAlarmSeries', 234_567, (d) => [propertiesOf(d, 'NewSeriesAlarm').Threshold]],
  [
    'TableDeletionProtection',
    'false',
    (d) =>
      resourcesOf(d, 'AWS::DynamoDB::Table').map(
        ([, table]) => table.Properties.DeletionProtectionEnabled,
      ),
  ],
  [
    'MaxWriteRequestUnits',
    4567,
    (d) =>
      resourcesOf(d, 'AWS::DynamoDB::Table').map(
        ([, table]) => table.Properties.OnDemandThroughput?.MaxWriteRequestUnits,
      ),
  ],
  ['QuarantineAlarmRecords', 123_456, (d) => [propertiesOf(d, 'QuarantineAlarm').Threshold]],
  ['StateTtlDays', 13, (d) => [variables(d).STATE_TTL_DAYS]],
  [
    'QuarantineRetentionDays',
    41,
    (d) => [
      propertiesOf(d, 'QuarantineBucket').LifecycleConfiguration.Rules[0].ExpirationInDays,
      variables(d).QUARANTINE_RETENTION_DAYS,
    ],
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
    // RunbookUrl stands inside texts, CreateDashboard in a condition: operations.test.ts.
    // Those of an existing stream choose resources: stream.test.ts.
    const existing = ['ExistingStreamArn', 'ExistingStreamKeyArn', 'EnableEfo'];
    // EnableTimestream is a condition: timestream.test.ts.
    const conditions = ['CreateDashboard', 'EnableTimestream'];
    // What they change: security.test.ts.
    const security = ['KmsKeyArn', 'EnableTracing'];
    const elsewhere = ['ShardCount', 'RunbookUrl', ...conditions, ...security, ...existing];
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
