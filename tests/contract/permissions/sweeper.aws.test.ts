import { CreateStreamCommand } from '@aws-sdk/client-kinesis';
import { createKinesisClient } from '@millrace/adapters/aws/kinesis-writer';
import { dueBucket } from '@millrace/core/fold/codec';
import { recordEntryKey, stateKey } from '@millrace/core/fold/key';
import { encodeGroups } from '@millrace/core/quarantine/refusals';
import { registerShard } from '@millrace/core/quarantine/shards';
import { countExpired } from '@millrace/core/results/quarantine';
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

  expect(await sweeper.invoke({})).toMatchObject({ ticks: 1, moved: 1 });
});

test('what has expired of the quarantine is counted', async () => {
  const at = { stream: 'Stream', shard: 'shardId-000000000000', sequence: '1' };
  const control = sweeper.table('ControlTable');
  const ttl = Math.floor(Date.now() / 1000);
  const body = encodeGroups([
    { reason: 'json', detail: 'd', metric: null, count: 3, subs: [[0, 2]] },
  ]);
  const counts = { kind: 'record', invalid: 3, unmatched: 0, body };
  await registerShard(control, at);
  await control.put({ ...recordEntryKey(at), ...at, ...counts, ttl });

  await sweeper.invoke({});

  expect(await countExpired(control)).toEqual({ json: 3 });
});

describeWhatWasSent('StreamSweeper', () => sweeper);
