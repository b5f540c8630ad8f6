import { CreateStreamCommand } from '@aws-sdk/client-kinesis';
import { createKinesisClient } from '@millrace/adapters/aws/kinesis-writer';
import { dueBucket } from '@millrace/core/fold/codec';
import { stateKey } from '@millrace/core/fold/key';
import { contractEndpoint, uniqueName } from '../endpoint';
import {
  describeWhatWasSent,
  type WatchedFunction,
  watchFunction,
} from './recorder/watched-function';

const endpointUrl = contractEndpoint();
let sweeper: WatchedFunction;

beforeAll(async () => {
  const names = { Stream: uniqueName('Stream') };
  const client = createKinesisClient({ endpointUrl });
  await client.send(new CreateStreamCommand({ StreamName: names.Stream, ShardCount: 1 }));
  client.destroy();
  sweeper = await watchFunction('StreamSweeper', { endpointUrl, names });
});
afterAll(() => sweeper.stop());

test('a series that fell silent gets a tick, and its due time moves on', async () => {
  const key = stateKey({ metric: 'host.cpu', partitionKey: 'web-1', series: 'web-1' });
  const silent = { la: Date.now() - 3_600_000, idleMs: 1000, due: Date.now() - 60_000 };
  await sweeper.table('StateTable').put({ ...key, ...silent, dueBucket: dueBucket(3) });

  expect(await sweeper.invoke({})).toEqual({ ticks: 1, moved: 1 });
});

describeWhatWasSent('StreamSweeper', () => sweeper);
