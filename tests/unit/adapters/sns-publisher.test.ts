import { createSnsClient, createSnsTopic } from '@millrace/adapters/aws/sns-publisher';
import { escaped, subjectOf } from '@millrace/adapters/aws/sns-text';
import { answerTo, UnavailableError } from '@millrace/core/error';
import { SOME_CREDENTIALS, useAwsEnvironment } from './aws-environment';
import { type Reply, startEndpoint } from './scripted-endpoint';

useAwsEnvironment(SOME_CREDENTIALS);

const ARN = 'arn:aws:sns:us-east-1:123456789012:alerts';
const TAKEN: Reply = {
  status: 200,
  body: '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>',
};
const THROTTLED: Reply = {
  status: 400,
  body: '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>Throttling</Code><Message>slow down</Message></Error></ErrorResponse>',
};

async function publish(replies: readonly Reply[], series = 'web-1') {
  const endpoint = await startEndpoint((_request, nth) => replies[nth - 1] ?? 'silence');
  const client = createSnsClient({ endpointUrl: endpoint.url });
  const topic = createSnsTopic({
    client,
    topicArn: ARN,
    limits: { attemptsMax: 2, attemptMsMax: 500, totalMsMax: 2_000 },
  });
  const message = {
    id: 'm#1',
    subject: 'warning: cpu',
    body: '{"a":1}',
    attributes: { severity: 'warning', series },
  };
  const error = await topic.publish(message).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  client.destroy();
  await endpoint.close();
  const forms = endpoint.requests.map(({ body }) =>
    Object.fromEntries(new URLSearchParams(String(body))),
  );
  return { error, forms };
}

test('a message goes out with its attributes and its id', async () => {
  const { error, forms } = await publish([TAKEN]);

  expect(error).toBeNull();
  expect(forms).toHaveLength(1);
  expect(forms[0]).toMatchObject({
    Action: 'Publish',
    TopicArn: ARN,
    Subject: 'warning: cpu',
    Message: '{"a":1}',
    'MessageAttributes.entry.1.Name': 'severity',
    'MessageAttributes.entry.1.Value.DataType': 'String',
    'MessageAttributes.entry.1.Value.StringValue': 'warning',
    'MessageAttributes.entry.3.Name': 'id',
    'MessageAttributes.entry.3.Value.StringValue': 'm#1',
  });
});

test('an empty attribute, which SNS refuses, is left out', async () => {
  const { forms } = await publish([TAKEN], '');

  expect(Object.values(forms[0] ?? {})).not.toContain('series');
});

test('a throttled publish is tried again', async () => {
  const { error, forms } = await publish([THROTTLED, TAKEN]);

  expect(error).toBeNull();
  expect(forms).toHaveLength(2);
});

test('a message that SNS will never take is not tried again, and stops the dispatcher loudly', async () => {
  const body =
    '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>too long</Message></Error></ErrorResponse>';
  const { error, forms } = await publish([{ status: 400, body }, TAKEN]);

  expect(answerTo(error)).toBe('crash');
  expect(forms).toHaveLength(1);
});

test('a topic that does not answer is unavailable, not silently passed over', async () => {
  const { error } = await publish(['silence', 'reset']);

  expect(error).toBeInstanceOf(UnavailableError);
});

describe('text that SNS takes', () => {
  test.each([
    ['a plain one', 'warning: cpu', 'warning: cpu'],
    ['other alphabets and lines', 'größe\nüber', 'gr??e??ber'],
    ['a space in front', '  x', 'x'],
    ['a long one', 'x'.repeat(101), `${'x'.repeat(97)}...`],
    ['a hundred characters', 'x'.repeat(100), 'x'.repeat(100)],
  ])('subject: %s', (_name, text, expected) => {
    expect(subjectOf(text)).toBe(expected);
  });

  test('JSON keeps its meaning', () => {
    const value = { text: 'a\u0000\uffff\ud800 \u{1f600}é' };
    const text = escaped(JSON.stringify(value));

    expect(JSON.parse(text)).toEqual(value);
    expect(text).not.toMatch(/\p{Cc}|\uffff/u);
    expect(text).toContain('\u{1f600}é');
  });
});
