import { readFileSync } from 'node:fs';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import { createSnsClient } from '@millrace/adapters/aws/sns-publisher';
import { contractEndpoint, uniqueName } from '../endpoint';
import { failUntilOpen } from './recorder/breaker';
import {
  describeWhatWasSent,
  type WatchedFunction,
  watchFunction,
} from './recorder/watched-function';

const endpointUrl = contractEndpoint();
const sample = (name: string) =>
  JSON.parse(readFileSync(`events/dynamodb-stream/${name}.json`, 'utf8'));
let dispatcher: WatchedFunction;

beforeAll(async () => {
  const names = { AlertTopic: uniqueName('AlertTopic') };
  const client = createSnsClient({ endpointUrl });
  await client.send(new CreateTopicCommand({ Name: names.AlertTopic }));
  client.destroy();
  dispatcher = await watchFunction('AlertDispatcher', { endpointUrl, names });
});
afterAll(() => dispatcher.stop());

test('a topic that is away: the claim is let go, and the breaker opens', async () => {
  await failUntilOpen(dispatcher, sample('single'), { name: 'sns', action: 'sns:Publish' });

  expect(dispatcher.recorder.needs.map(({ action }) => action)).toContain('dynamodb:DeleteItem');
});

test.each(['single', 'batch', 'duplicate', 'poison'])(
  '%s is told, and told again',
  async (name) => {
    await dispatcher.deliver(sample(name));
    await dispatcher.deliver(sample(name));
  },
);

describeWhatWasSent('AlertDispatcher', () => dispatcher);
