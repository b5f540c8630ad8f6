import { readTemplate } from '@millrace/engine';
import { template, templateText } from './document';

const EXISTING = 'arn:aws:kinesis:eu-west-1:210987654321:stream/orders';
const KEY = 'arn:aws:kms:eu-west-1:210987654321:key/8f9d-1c';
const OWN = 'arn:aws:kinesis:local:000000000000:stream/Stream';

/** Both readers: the engine's leaves out what a condition excludes, the tests' keeps references. */
const applicationWith = (parameters: Record<string, string>) =>
  readTemplate(templateText, { parameters });
const statements = (role: string, parameters: Record<string, string>) =>
  template(parameters).Resources[role]?.Properties.Policies[0].PolicyDocument.Statement as {
    Action: string | string[];
    Resource: unknown;
  }[];
const resourceFor = (role: string, action: string, parameters: Record<string, string>) =>
  statements(role, parameters).find(({ Action }) => [Action].flat().includes(action))?.Resource;
const mappedStream = (parameters: Record<string, string>) =>
  template(parameters).Resources.StreamConsumer?.Properties.Events.Records.Properties.Stream;

describe('the stack’s own stream', () => {
  const application = applicationWith({});

  test('is made, and read by the mapping', () => {
    const [source] = application.functions.get('StreamConsumer')?.sources ?? [];

    expect(application.streams.get('Stream')?.arn).toBe(OWN);
    expect(source).toMatchObject({ kind: 'kinesis', stream: 'Stream' });
  });

  test.each([...application.functions])('%s is told its name', (_name, { environment }) => {
    expect(environment.STREAM_NAME).toBe('Stream');
  });

  test('is all that the roles may read and write', () => {
    const own = { 'Fn::GetAtt': ['Stream', 'Arn'] };

    expect(resourceFor('StreamConsumerRole', 'kinesis:GetRecords', {})).toEqual(own);
    expect(resourceFor('StreamSweeperRole', 'kinesis:PutRecords', {})).toEqual(own);
  });
});

describe('an existing stream', () => {
  const parameters = { ExistingStreamArn: EXISTING };
  const application = applicationWith(parameters);

  test('is read instead, and none is made', () => {
    expect([...application.streams.keys()]).toEqual([]);
    expect(mappedStream(parameters)).toBe(EXISTING);
  });

  test('is no stream of the local engine, which says so instead of leaving it out', () => {
    expect(application.unsupported).toContainEqual(
      expect.objectContaining({
        logicalId: 'StreamConsumer',
        type: 'Kinesis',
        reason: `${EXISTING} is no stream of this template`,
      }),
    );
  });

  test.each([...application.functions])('%s is told its ARN', (_name, { environment }) => {
    expect(environment.STREAM_NAME).toBe(EXISTING);
  });

  test('is all that the roles may read and write', () => {
    for (const role of ['StreamConsumerRole', 'StreamSweeperRole']) {
      const kinesis = statements(role, parameters).filter(({ Action }) =>
        [Action].flat().some((action) => action.startsWith('kinesis:')),
      );
      expect(kinesis.map(({ Resource }) => Resource)).toEqual([EXISTING]);
    }
  });

  test('leaves no reference to the stream that is not made', () => {
    const { Stream: _ours, ...resources } = template(parameters).Resources;
    const text = JSON.stringify(resources);

    expect(text).not.toContain('"Ref":"Stream"');
    expect(text).not.toContain('["Stream","Arn"]');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as CloudFormation writes it.
    expect(text).not.toContain('${Stream}');
  });

  test.each([
    ['StreamConsumerRole', 'kms:Decrypt'],
    ['StreamSweeperRole', 'kms:GenerateDataKey'],
  ])('%s may use its key: %s', (role, action) => {
    const withKey = { ...parameters, ExistingStreamKeyArn: KEY };

    expect(resourceFor(role, action, withKey)).toBe(KEY);
    expect(resourceFor(role, action, parameters)).toBeUndefined();
  });

  test('a producer need not decrypt', () => {
    const withKey = { ...parameters, ExistingStreamKeyArn: KEY };

    expect(resourceFor('StreamSweeperRole', 'kms:Decrypt', withKey)).toBeUndefined();
  });

  test.each(['orders', 'arn:aws:sqs:eu-west-1:210987654321:orders', `${EXISTING}/consumer/a:1`])(
    '%s is refused as the ARN of one',
    (ExistingStreamArn) => {
      expect(() => applicationWith({ ExistingStreamArn })).toThrow('ARN of a Kinesis data stream');
    },
  );
});

describe('enhanced fan-out', () => {
  const parameters = { EnableEfo: 'true' };
  const conditionOf = (id: string) =>
    (template().Resources[id] as unknown as { Condition?: string }).Condition;

  test('is a consumer of the stream, made only when it is asked for', () => {
    const fanOut = template(parameters).Resources.StreamFanOut;

    expect(fanOut?.Properties.StreamARN).toEqual({ 'Fn::GetAtt': ['Stream', 'Arn'] });
    expect(conditionOf('StreamFanOut')).toBe('HasEfo');
    expect(applicationWith(parameters).conditions.HasEfo).toBe(true);
    expect(applicationWith({}).conditions.HasEfo).toBe(false);
  });

  test('is what the mapping reads then', () => {
    expect(mappedStream(parameters)).toEqual({ Ref: 'StreamFanOut' });
    expect(mappedStream({})).toEqual({ 'Fn::GetAtt': ['Stream', 'Arn'] });
  });

  test('is also possible for an existing stream', () => {
    const both = { ...parameters, ExistingStreamArn: EXISTING };

    expect(template(both).Resources.StreamFanOut?.Properties.StreamARN).toBe(EXISTING);
    expect(mappedStream(both)).toEqual({ Ref: 'StreamFanOut' });
  });

  test('lets the consumer subscribe to it, and to nothing without it', () => {
    const action = 'kinesis:SubscribeToShard';

    expect(resourceFor('StreamConsumerRole', action, parameters)).toEqual({ Ref: 'StreamFanOut' });
    expect(resourceFor('StreamConsumerRole', action, {})).toBeUndefined();
  });
});
