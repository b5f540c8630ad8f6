import { type Properties, resourcesOf, template, templateText } from './document';

const KEY = 'arn:aws:kms:eu-west-1:210987654321:key/1234-abcd';
const EXISTING = 'arn:aws:kinesis:eu-west-1:210987654321:stream/orders';
const defaults = template();
const encrypted = template({ KmsKeyArn: KEY });
const roles = resourcesOf(defaults, 'AWS::IAM::Role');

const statementsOf = (role: string, parameters: Record<string, string>): Properties[] =>
  template(parameters).Resources[role]?.Properties.Policies[0].PolicyDocument.Statement;

describe('two stacks of one account and region', () => {
  const named = Object.entries(defaults.Resources).flatMap(([id, { Type, Properties }]) =>
    Object.entries(Properties ?? {})
      .filter(([name]) => /^(\w*Name|Name)$/.test(name) && !/^(Display|Metric)Name$/.test(name))
      .map(([name, value]): [string, unknown] => [`${id} (${Type}) ${name}`, value]),
  );

  test.each(named)('share no name: %s', (_property, value) => {
    const isOfStack = JSON.stringify(value).includes('AWS::StackName');
    const isOfResource = defaults.Resources[(value as Properties).Ref] !== undefined;

    expect(isOfStack || isOfResource).toBe(true);
  });

  test('have schedules without a name, for SAM would take the logical ID', () => {
    const schedules = resourcesOf(defaults, 'AWS::Serverless::Function')
      .flatMap(([, { Properties }]) => Object.values<Properties>(Properties.Events))
      .filter(({ Type }) => Type === 'ScheduleV2' || Type === 'Schedule');

    expect(schedules).toHaveLength(1);
    for (const { Type, Properties } of schedules) {
      expect(Type).toBe('ScheduleV2');
      expect(Properties).toMatchObject({ OmitName: true });
    }
  });

  test('have layers that are called after the stack', () => {
    for (const [, { Properties }] of resourcesOf(defaults, 'AWS::Serverless::LayerVersion')) {
      expect(JSON.stringify(Properties.LayerName)).toContain('AWS::StackName');
    }
  });
});

describe('roles', () => {
  test.each(roles)('%s is assumed for this account only', (_name, { Properties }) => {
    for (const { Principal, Condition } of Properties.AssumeRolePolicyDocument.Statement) {
      expect(Object.keys(Principal)).toEqual(['Service']);
      expect(Condition.StringEquals['aws:SourceAccount']).toEqual({ Ref: 'AWS::AccountId' });
    }
  });

  test('the schedule names a role, or SAM makes one that any account’s schedules may use', () => {
    const sweeper = defaults.Resources.StreamSweeper?.Properties;

    expect(sweeper.Events.EveryMinute.Properties.RoleArn).toEqual({
      'Fn::GetAtt': ['StreamSweeperScheduleRole', 'Arn'],
    });
  });

  test.each([...roles.map(([name]) => name)])('%s uses keys through a service only', (role) => {
    for (const existing of [{ ExistingStreamArn: EXISTING, ExistingStreamKeyArn: KEY }, {}]) {
      const withKeys = statementsOf(role, { ...existing, KmsKeyArn: KEY });
      for (const { Action, Condition } of withKeys) {
        if (![Action].flat().some((action: string) => action.startsWith('kms:'))) continue;
        expect(Condition.StringEquals['kms:ViaService']['Fn::Sub']).toMatch(
          /^(dynamodb|kinesis|s3|sns)\.\$\{AWS::Region\}\.amazonaws\.com$/,
        );
      }
    }
  });
});

describe('a customer managed key', () => {
  test('encrypts the own stream, the tables, the bucket and the topic', () => {
    const { Stream, QuarantineBucket, AlertTopic } = encrypted.Resources;
    const [rule] =
      QuarantineBucket?.Properties.BucketEncryption.ServerSideEncryptionConfiguration ?? [];

    expect(Stream?.Properties.StreamEncryption.KeyId).toBe(KEY);
    expect(AlertTopic?.Properties.KmsMasterKeyId).toBe(KEY);
    expect(rule).toEqual({
      ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY },
      BucketKeyEnabled: true,
    });
    for (const [, table] of resourcesOf(encrypted, 'AWS::DynamoDB::Table')) {
      expect(table.Properties.SSESpecification.KMSMasterKeyId).toBe(KEY);
    }
  });

  test('leaves nothing of itself behind when there is none', () => {
    const used = roles.flatMap(([role]) => statementsOf(role, {}));

    expect(JSON.stringify(used)).not.toContain('kms:');
    expect(JSON.stringify(defaults.Resources)).not.toContain('KmsKeyArn');
  });

  test.each([
    ['StreamConsumerRole', ['DecryptOwnRecords', 'UseTableKey', 'EncryptObjects']],
    ['StreamSweeperRole', ['EncryptOwnTicks', 'UseTableKey']],
    ['AlertDispatcherRole', ['UseTableKey', 'EncryptAlerts']],
    ['ResultProjectorRole', ['UseTableKey']],
    ['StreamSweeperScheduleRole', []],
  ])('%s may use it for %j', (role, sids) => {
    const with_ = statementsOf(role, { KmsKeyArn: KEY });
    const using = with_.filter(({ Resource }) => Resource === KEY);

    expect(using.map(({ Sid }) => Sid)).toEqual(sids);
  });

  test('of the stack is none of a stream that exists', () => {
    const parameters = { ExistingStreamArn: EXISTING, KmsKeyArn: KEY };
    const sids = statementsOf('StreamConsumerRole', parameters).map(({ Sid }) => Sid);

    expect(sids).not.toContain('DecryptOwnRecords');
    expect(sids).toContain('UseTableKey');
  });
});

describe('tracing', () => {
  const traced = template({ EnableTracing: 'true' });

  test.each([
    [defaults, 'PassThrough'],
    [traced, 'Active'],
  ])('is asked for by the parameter alone', (document, mode) => {
    expect(document.Globals.Function).toMatchObject({ Tracing: mode });
  });

  test.each(resourcesOf(traced, 'AWS::Serverless::Function'))('%s may send it', (_name, made) => {
    const [role] = made.Properties.Role['Fn::GetAtt'];
    const sends = (parameters: Record<string, string>) =>
      statementsOf(role, parameters).filter(({ Sid }) => Sid === 'SendTraces');

    expect(sends({ EnableTracing: 'true' })).toHaveLength(1);
    expect(sends({})).toEqual([]);
  });
});

describe('the stack’s own stream', () => {
  test.each([
    ['ON_DEMAND', 'USER_PARTITION_KEY'],
    ['PROVISIONED', undefined],
  ])('%s: goes by partition keys', (StreamMode, strategy) => {
    const { Stream } = template({ StreamMode }).Resources;

    expect(Stream?.Properties.RecordDistributionStrategy).toBe(strategy);
  });

  test('takes no record that is too large for an invocation', () => {
    expect(defaults.Resources.Stream?.Properties).not.toHaveProperty('MaxRecordSizeInKiB');
    expect(templateText).not.toContain('nothing is ever discarded');
  });
});

test('a batch may have more than 10 records, so it is gathered for a second at least', () => {
  expect(defaults.Parameters.BatchWindowSeconds?.MinValue).toBe(1);
});
