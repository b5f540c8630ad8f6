import { readFileSync } from 'node:fs';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { createS3Client } from '@millrace/adapters/aws/s3-objects';
import { STATE_VERSION } from '@millrace/core/fold/codec';
import { parseStateKey } from '@millrace/core/fold/key';
import { MARKS_MAX } from '@millrace/core/fold/marks';
import { encodeTick } from '@millrace/core/fold/tick';
import type { KinesisStreamEvent } from 'aws-lambda';
import { kinesisEvent } from '../../helper/event-source';
import { contractEndpoint, uniqueName } from '../endpoint';
import type { Need } from './policy/need';
import {
  describeWhatWasSent,
  type WatchedFunction,
  watchFunction,
} from './recorder/watched-function';

const endpointUrl = contractEndpoint();
const START_MS = Date.UTC(2026, 10, 21, 12);
let consumer: WatchedFunction;

beforeAll(async () => {
  const names = { QuarantineBucket: uniqueName('quarantine').toLowerCase() };
  const client = createS3Client({ endpointUrl });
  await client.send(new CreateBucketCommand({ Bucket: names.QuarantineBucket }));
  client.destroy();
  consumer = await watchFunction('StreamConsumer', { endpointUrl, names });
});
afterAll(() => consumer.stop());

/** A sample event under a partition key and on a shard of its own, so that none meets another. */
function sample(name: string, own = name): KinesisStreamEvent {
  const event: KinesisStreamEvent = JSON.parse(readFileSync(`events/kinesis/${name}.json`, 'utf8'));
  for (const record of event.Records) {
    record.kinesis.partitionKey = own;
    record.eventID = `${own}:${record.kinesis.sequenceNumber}`;
  }
  return event;
}

test.each(['batch', 'late', 'duplicate', 'poison', 'aggregate'])(
  '%s, delivered twice',
  async (name) => {
    await consumer.deliver(sample(name));
    await consumer.deliver(sample(name));
  },
);

test('a refused record that is too large for its entry, delivered twice', async () => {
  const large = {
    ...{ shard: 'large', sequence: '1', partitionKey: 'large', arrivalMs: START_MS },
    bytes: Buffer.from('no JSON '.repeat(1_000)),
  };

  await consumer.deliver(kinesisEvent([large]));
  await consumer.deliver(kinesisEvent([large]));
});

test('a batch that is handed back', async () => {
  const state = consumer.table('StateTable');
  await consumer.deliver(sample('batch', 'newer'));
  const { items } = await state.scan({ limit: 1000 });
  for (const { pk, sk } of items.filter(({ sk }) => sk === '=newer')) {
    await state.update({ pk, sk }, { v: STATE_VERSION + 1 });
  }

  expect(await consumer.invoke(sample('batch', 'newer'))).toMatchObject({
    batchItemFailures: [{ itemIdentifier: expect.any(String) }],
  });
});

test.each([
  ['the first time', 0],
  ['after one death', 1],
  ['after so many that it is refused', 3],
  ['after so many that it is not even decoded', 6],
])('a record alone, %s', async (_when, attempts) => {
  const event = sample('single', `single-${attempts}`);
  const [record] = event.Records;
  const { eventSourceARN = '', kinesis } = record ?? {};
  const stream = eventSourceARN.slice(eventSourceARN.indexOf('/') + 1);
  const key = { pk: `N#${stream}#single-${attempts}`, sk: kinesis?.sequenceNumber ?? '' };
  const control = consumer.table('ControlTable');
  if (attempts > 0) await control.put({ ...key, attempts });

  await consumer.deliver(event);

  const [counter] = await control.getMany([key]);
  expect(counter?.attempts).toBe(attempts === 0 ? 1 : undefined);
});

test('another writer commits in between: the state is read again', async () => {
  const state = consumer.table('StateTable');
  await consumer.invoke(sample('batch', 'conflict'));
  let conflicts = 0;
  consumer.recorder.script = async (_request, [need]) => {
    if (conflicts > 0 || need?.action !== 'dynamodb:PutItem') return null;
    const [pk = ''] = need.leadingKeys;
    if (!pk.startsWith('S#')) return null;
    conflicts++;
    await state.update({ pk, sk: '=conflict' }, { ver: 999 });
    return null;
  };
  const [first, ...others] = sample('late', 'conflict').Records;
  if (first === undefined) throw new Error('late.json holds no records');
  for (const each of [first, ...others]) each.eventID = `later-${each.eventID}`;

  await consumer.deliver({ Records: [first, ...others] });
  consumer.recorder.script = () => null;
  expect(conflicts).toBe(1);
});

test('a series full of marks: what a new shard brings is refused, and looked up when it comes again', async () => {
  const state = consumer.table('StateTable');
  await consumer.deliver(sample('batch', 'full'));
  const { items } = await state.scan({ limit: 1000 });
  const full = items.filter(({ sk }) => sk === '=full');
  for (const { pk, sk, la, body } of full) {
    const m = Array.from({ length: MARKS_MAX }, (_, at) => [`Other/${at}`, '1', 0, la]);
    await state.update({ pk, sk }, { body: JSON.stringify({ ...JSON.parse(String(body)), m }) });
  }
  const event = sample('batch', 'full');
  for (const each of event.Records) each.eventID = `new-${each.eventID}`;

  await consumer.deliver(event);
  const readsBefore = indexReads().length;
  await consumer.deliver(event);

  expect(readsBefore).toBe(0);
  expect(full).not.toEqual([]);
  // More, where the emulator is slow and a delivery is tried again.
  expect(indexReads().length).toBeGreaterThanOrEqual(full.length);
  const flagged = await state.getMany(full.map(({ pk, sk }) => ({ pk, sk })));
  for (const item of flagged) expect(item).toMatchObject({ v: 2 });
});

/** Reads of the quarantine index: a series asks for nothing else under `Q#`. */
function indexReads(): readonly Need[] {
  return consumer.recorder.needs.filter(
    ({ action, leadingKeys }) =>
      action === 'dynamodb:BatchGetItem' && leadingKeys.some((key) => key.startsWith('Q#')),
  );
}

test('a tick closes what is open', async () => {
  const { items } = await consumer.table('StateTable').scan({ limit: 100 });
  const item = items.find(({ sk, due }) => sk === '=batch' && due !== undefined);
  if (item === undefined) throw new Error('the batch left no window open');
  const { metric, series } = parseStateKey(item);
  const tick = {
    ...{ shard: 'batch', sequence: '9'.repeat(56), partitionKey: 'batch' },
    arrivalMs: Number(item.la) + 3_600_000,
    bytes: Buffer.from(encodeTick({ metric, series })),
  };

  await consumer.deliver(kinesisEvent([tick, { ...tick, sequence: `1${tick.sequence}` }]));

  const [closed] = await consumer.table('StateTable').getMany([{ pk: item.pk, sk: item.sk }]);
  expect(closed).not.toHaveProperty('due');
});

test('a series that leaves its band: an incident', async () => {
  const usedPercent = (at: number) => (at < 150 ? 40 + (at % 5) : 99);
  const records = Array.from({ length: 180 }, (_, at) => {
    const ts = START_MS + at * 10_000;
    const memory = { type: 'telemetry', sensor: 'memory', host: 'web-1', id: `m-${at}`, ts };
    return {
      ...{ shard: 'incident', sequence: String(1000 + at), partitionKey: 'incident' },
      arrivalMs: ts,
      bytes: Buffer.from(JSON.stringify({ ...memory, usedPercent: usedPercent(at) })),
    };
  });

  await consumer.deliver(kinesisEvent(records));
});

describeWhatWasSent('StreamConsumer', () => consumer);
