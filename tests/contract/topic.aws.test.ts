import {
  CreateTopicCommand,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { createSnsClient, createSnsTopic } from '@millrace/adapters/aws/sns-publisher';
import { emulatedAws } from '../integration/emulated-aws';
import { contractEndpoint, uniqueName } from './endpoint';
import { describeTopic, type Received } from './topic.suite';

const endpointUrl = contractEndpoint();
const client = createSnsClient({ endpointUrl });
const { json } = emulatedAws(endpointUrl);

/** After what was awaited, anything more would be wrong: it is asked for once again. */
const TRIES_MAX = 20;

afterAll(() => client.destroy());

describeTopic('SNS', async () => {
  const made = await client.send(new CreateTopicCommand({ Name: uniqueName('topic') }));
  const topicArn = made.TopicArn as string;
  return {
    topic: createSnsTopic({ client, topicArn }),
    async subscribe(filter) {
      const queueUrl = await makeQueue();
      const subscription = await client.send(
        new SubscribeCommand({
          TopicArn: topicArn,
          Protocol: 'sqs',
          Endpoint: await arnOf(queueUrl),
          ReturnSubscriptionArn: true,
        }),
      );
      if (filter !== undefined) {
        const policy = {
          SubscriptionArn: subscription.SubscriptionArn,
          AttributeName: 'FilterPolicy',
          AttributeValue: JSON.stringify(filter),
        };
        await client.send(new SetSubscriptionAttributesCommand(policy));
      }
      return { read: (count) => receive(queueUrl, count) };
    },
  };
});

async function makeQueue(): Promise<string> {
  const made = await json('sqs', 'AmazonSQS.CreateQueue', { QueueName: uniqueName('queue') });
  return (made as { QueueUrl: string }).QueueUrl;
}

async function arnOf(QueueUrl: string): Promise<string> {
  const request = { QueueUrl, AttributeNames: ['QueueArn'] };
  const found = await json('sqs', 'AmazonSQS.GetQueueAttributes', request);
  return (found as { Attributes: { QueueArn: string } }).Attributes.QueueArn;
}

interface Envelope {
  readonly Message: string;
  readonly MessageAttributes: Readonly<Record<string, { readonly Value: string }>>;
}

async function receive(QueueUrl: string, count: number): Promise<readonly Received[]> {
  const inbox: Received[] = [];
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const request = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 };
    const answer = await json('sqs', 'AmazonSQS.ReceiveMessage', request);
    const { Messages = [] } = answer as { Messages?: readonly { readonly Body: string }[] };
    if (Messages.length === 0 && inbox.length >= count) break;
    for (const { Body } of Messages) inbox.push(receivedFrom(JSON.parse(Body)));
    if (Messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return inbox;
}

function receivedFrom({ Message, MessageAttributes }: Envelope): Received {
  const values = Object.entries(MessageAttributes).map(([name, { Value }]) => [name, Value]);
  const { id = '', ...attributes } = Object.fromEntries(values) as Record<string, string>;
  return { id, body: Message, attributes };
}
