import { readFileSync } from 'node:fs';
import { CreateDatabaseCommand, CreateTableCommand } from '@aws-sdk/client-timestream-write';
import { createTimestreamClient } from '@millrace/adapters/aws/timestream-writer';
import { definitionKey } from '@millrace/core/fold/key';
import { parsePipelineText } from '@millrace/core/pipeline/parse';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { uniqueName } from '../endpoint';
import { failUntilOpen } from './recorder/breaker';
import {
  describeWhatWasSent,
  type WatchedFunction,
  watchFunction,
} from './recorder/watched-function';

const endpointUrl = process.env.MILLRACE_MOTO_ENDPOINT;
if (endpointUrl === undefined) {
  throw new Error('MILLRACE_MOTO_ENDPOINT is not set: run this file with `npm run test:contract`');
}
process.env.AWS_REGION ??= 'us-east-1';
process.env.AWS_ACCESS_KEY_ID ??= 'local';
process.env.AWS_SECRET_ACCESS_KEY ??= 'local';
jest.setTimeout(60_000);

const METRIC = 'host.cpu';
const sample = (name: string): DynamoDBStreamEvent =>
  JSON.parse(readFileSync(`events/dynamodb-stream/${name}.json`, 'utf8'));
/** Tables and Timestream are emulated by one moto, and so one recorder sees both. */
const names = { TimestreamDatabase: uniqueName('db'), TimestreamTable: uniqueName('rows') };
let projector: WatchedFunction;

beforeAll(async () => {
  const client = createTimestreamClient({ endpointUrl, requestMsMax: 10_000 });
  const DatabaseName = names.TimestreamDatabase;
  await client.send(new CreateDatabaseCommand({ DatabaseName }));
  await client.send(new CreateTableCommand({ DatabaseName, TableName: names.TimestreamTable }));
  client.destroy();
  const endpoints = ['TIMESTREAM_ENDPOINT_URL'];
  projector = await watchFunction('ResultProjector', { endpointUrl, names, endpoints });
});
afterAll(() => projector.stop());

test('a Timestream that is away: the breaker opens', () =>
  failUntilOpen(projector, sample('rows-single'), {
    name: 'timestream',
    action: 'timestream:WriteRecords',
  }));

test.each(['rows-single', 'rows-batch', 'rows-poison'])('%s is projected', async (name) => {
  await projector.deliver(sample(name));
});

test('a row of a definition that the pipeline no longer has is projected by the old one', async () => {
  const { pipeline } = parsePipelineText(readFileSync('pipeline.json', 'utf8'));
  const body = JSON.stringify(pipeline.metrics.find(({ name }) => name === METRIC));
  await projector.table('ControlTable').put({ ...definitionKey(METRIC, 'old'), body });

  await projector.deliver(rowOf('old'));
});

test('a row of a definition that nobody knows is noted', async () => {
  await projector.deliver(rowOf('unknown'));
});

test('without an endpoint of its own it asks Timestream for one', async () => {
  const unreachable = { Endpoints: [{ Address: '127.0.0.1:1', CachePeriodInMinutes: 1 }] };
  const { recorder } = projector;
  await projector.restart({
    TIMESTREAM_ENDPOINT_URL: '',
    AWS_ENDPOINT_URL_TIMESTREAM_WRITE: recorder.url,
  });
  recorder.script = (_request, [need]) =>
    need?.action === 'timestream:DescribeEndpoints'
      ? { status: 200, body: JSON.stringify(unreachable) }
      : null;

  expect(await projector.invoke(sample('rows-single'))).toMatchObject({
    batchItemFailures: [{ itemIdentifier: expect.any(String) }],
  });
  expect(recorder.needs.map(({ action }) => action)).toContain('timestream:DescribeEndpoints');
});

describeWhatWasSent('ResultProjector', () => projector);

/** The sample's row as the definition `def` wrote it. */
function rowOf(def: string): DynamoDBStreamEvent {
  const event = sample('rows-single');
  const image = event.Records[0]?.dynamodb?.NewImage;
  if (image?.body?.S === undefined) throw new Error('rows-single.json holds no row');
  image.body.S = JSON.stringify({ ...JSON.parse(image.body.S), def });
  return event;
}
