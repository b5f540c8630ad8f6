import { existsSync } from 'node:fs';
import { type Properties, resourcesOf, template } from './document';

const defaults = template();
const functions = resourcesOf(defaults, 'AWS::Serverless::Function');

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
