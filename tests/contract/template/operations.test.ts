import { readFileSync } from 'node:fs';
import { type BatchCounts, createBatchMetrics } from '@millrace/adapters/metrics';
import { type Properties, resourcesOf, template } from './document';

const defaults = template();
const alarms = resourcesOf(defaults, 'AWS::CloudWatch::Alarm');
const functions = resourcesOf(defaults, 'AWS::Serverless::Function');
const queues = resourcesOf(defaults, 'AWS::SQS::Queue');
const runbooks = readFileSync('docs/operations.md', 'utf8');

/** As GitHub makes them of headings. */
const anchors = [...runbooks.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
  heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replaceAll(' ', '-'),
);

const watches = (metric: string, dimension: string, value: unknown) =>
  alarms.some(
    ([, { Properties }]) =>
      Properties.MetricName === metric &&
      Properties.Dimensions.some(
        (each: { Name: string; Value: unknown }) =>
          each.Name === dimension && JSON.stringify(each.Value) === JSON.stringify(value),
      ),
  );

describe('alarms', () => {
  test.each(alarms)('%s names a section of the runbooks', (_name, { Properties }) => {
    const description: string = Properties.AlarmDescription['Fn::Sub'];
    const [, anchor = ''] = /\. Runbook: \$\{RunbookUrl\}#([\w-]+)$/.exec(description) ?? [];

    expect(anchors).toContain(anchor);
  });

  test.each(alarms)(
    '%s is quiet without data, and tells when it is over',
    (_name, { Properties }) => {
      expect(Properties.TreatMissingData).toBe('notBreaching');
      expect(Properties).not.toHaveProperty('AlarmActions');

      const told = template({ AlarmTopicArn: 'arn:aws:sns:us-east-1:1:t' }).Resources[_name];

      expect(told?.Properties.AlarmActions).toEqual(['arn:aws:sns:us-east-1:1:t']);
      expect(told?.Properties.OKActions).toEqual(told?.Properties.AlarmActions);
    },
  );

  test.each(functions)('errors of %s raise one', (name) => {
    expect(watches('Errors', 'FunctionName', { Ref: name })).toBe(true);
  });

  test.each(queues)('a message in %s raises one', (name) => {
    const value = { 'Fn::GetAtt': [name, 'QueueName'] };

    expect(watches('ApproximateNumberOfMessagesVisible', 'QueueName', value)).toBe(true);
  });

  test('records that pass the function by raise one, of the mapping that reads the stream', () => {
    const mapping = { Ref: 'StreamConsumerRecords' };

    expect(
      watches('OnFailureDestinationDeliveredEventCount', 'EventSourceMappingUUID', mapping),
    ).toBe(true);
    expect(watches('DroppedEventCount', 'EventSourceMappingUUID', mapping)).toBe(true);
  });

  test('every mapping counts its events', () => {
    const mappings = functions
      .flatMap(([, { Properties }]) => Object.values<Properties>(Properties.Events))
      .filter(({ Type }) => Type === 'Kinesis' || Type === 'DynamoDB');

    expect(mappings).toHaveLength(3);
    for (const { Properties } of mappings) {
      expect(Properties.MetricsConfig).toEqual({ Metrics: ['EventCount'] });
    }
  });

  test('old records, refused writes and throttled consumers raise one', () => {
    expect(watches('IteratorAge', 'FunctionName', { Ref: 'StreamConsumer' })).toBe(true);
    expect(watches('Throttles', 'FunctionName', { Ref: 'StreamConsumer' })).toBe(true);
    const stream = { Ref: 'Stream' };
    expect(watches('GetRecords.IteratorAgeMilliseconds', 'StreamName', stream)).toBe(true);
    expect(watches('WriteProvisionedThroughputExceeded', 'StreamName', stream)).toBe(true);
  });
});

/** Names of the metrics that the consumer writes for a batch. */
function writtenMetrics(): string[] {
  let written = '';
  createBatchMetrics({
    ...{ namespace: 'millrace/test', service: 'stream-consumer', nowMs: () => 0 },
    write: (text) => {
      written = text;
    },
    // The values do not matter.
  })({} as BatchCounts);
  const [{ Metrics }] = JSON.parse(written)._aws.CloudWatchMetrics;
  return Metrics.map(({ Name }: { Name: string }) => Name);
}

describe('metrics of a batch', () => {
  const consumer = defaults.Resources.StreamConsumer?.Properties.Environment.Variables;
  const ours = alarms.filter(([, { Properties }]) => !/^AWS/.test(Properties.Namespace));
  test.each(ours)('%s watches one that the consumer writes', (_name, { Properties }) => {
    expect(writtenMetrics()).toContain(Properties.MetricName);
    expect(Properties.Namespace).toEqual(consumer.POWERTOOLS_METRICS_NAMESPACE);
    expect(Properties.Dimensions).toEqual([{ Name: 'service', Value: 'stream-consumer' }]);
    expect(consumer.POWERTOOLS_SERVICE_NAME).toBe('stream-consumer');
  });

  test('refused, parked, new and unkeyed ones raise an alarm', () => {
    expect(ours.map(([, { Properties }]) => Properties.MetricName).sort()).toEqual([
      'NewSeries',
      'Parked',
      'Quarantined',
      'Unkeyed',
    ]);
  });
});

describe('alerts', () => {
  const dispatcher = defaults.Resources.AlertDispatcher?.Properties;

  test('only new transitions of incidents are delivered, in one lane', () => {
    const { FilterCriteria, ParallelizationFactor } = dispatcher.Events.Incidents.Properties;
    const patterns = FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) =>
      JSON.parse(Pattern),
    );

    expect(ParallelizationFactor).toBe(1);
    expect(patterns).toEqual([
      { eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: 'A#' }] } } } },
    ]);
  });

  test('the dispatcher touches nothing of the Control table but its own items', () => {
    const [policy] = defaults.Resources.AlertDispatcherRole?.Properties.Policies ?? [];
    const { Statement } = policy.PolicyDocument;
    const onTable = Statement.filter(
      ({ Resource }: { Resource: unknown }) =>
        JSON.stringify(Resource) === '{"Fn::GetAtt":["ControlTable","Arn"]}',
    );

    expect(onTable.map(({ Condition }: { Condition: unknown }) => Condition)).toEqual([
      { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['IDEM#*', 'K#*'] } },
      { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['CB#sns'] } },
    ]);
  });

  test('the topic is encrypted, and mails only when there is an address', () => {
    expect(defaults.Resources.AlertTopic?.Properties.KmsMasterKeyId).toBe('alias/aws/sns');
    expect(defaults.Resources.AlertEmailSubscription).toMatchObject({
      Condition: 'HasAlertEmail',
    });
  });
});

describe('dashboard', () => {
  const dashboard = defaults.Resources.Dashboard;

  test('is made unless CreateDashboard says no', () => {
    expect(dashboard).toMatchObject({ Condition: 'HasDashboard' });
  });

  test('is valid JSON, and shows resources of the stack', () => {
    const body = dashboard?.Properties.DashboardBody;
    const [text, own]: [string, object] = body['Fn::Sub'];
    const { widgets } = JSON.parse(text);
    const names = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);

    expect(widgets.length).toBeGreaterThan(4);
    // SAM calls a mapping after its function and event.
    const mappings = Object.fromEntries(
      functions.flatMap(([id, { Properties }]) =>
        Object.keys(Properties.Events).map((event) => [`${id}${event}`, event]),
      ),
    );
    for (const name of names) {
      expect({ ...defaults.Resources, ...own, ...mappings }).toHaveProperty(name);
    }
  });

  test('of the metrics of a batch it shows only what the consumer writes', () => {
    const body = dashboard?.Properties.DashboardBody;
    const [text]: [string] = body['Fn::Sub'];
    // A dot repeats what stands there in the line above.
    const shown = JSON.parse(text).widgets.flatMap(({ properties }: Properties) => {
      let namespace = '';
      return properties.metrics.flatMap(([space, name]: [string, string]) => {
        if (space !== '.') namespace = space;
        return namespace.startsWith('millrace/') ? [name] : [];
      });
    });

    expect(shown).toEqual(expect.arrayContaining(['Late', 'Unkeyed', 'NewSeries', 'SpreadSeries']));
    for (const name of shown) expect(writtenMetrics()).toContain(name);
  });
});
