import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createKinesisClient, createKinesisWriter } from '@millrace/adapters/aws/kinesis-writer';
import { createS3Client, createS3Objects } from '@millrace/adapters/aws/s3-objects';
import { UnavailableError } from '@millrace/core/error';
import { SOME_CREDENTIALS, useAwsEnvironment } from './aws-environment';
import { closedPortUrl, startEndpoint } from './scripted-endpoint';

/** What a function may wait for before it reports its batch as failed. */
const ANSWER_MS_MAX = 3500;

const ports: [string, RegExp, (endpointUrl: string) => Promise<unknown>][] = [
  [
    'a table',
    /^BatchGetItem on table t: /,
    (endpointUrl) => {
      const store = createDynamoStore({ client: createDynamoClient({ endpointUrl }), table: 't' });
      return store.getMany([{ pk: 'p', sk: 's' }]);
    },
  ],
  [
    'a bucket',
    /^GetObject on bucket b: /,
    (endpointUrl) =>
      createS3Objects({ client: createS3Client({ endpointUrl }), bucket: 'b' }).get('k'),
  ],
  [
    'a stream',
    /^PutRecords on stream s: /,
    (endpointUrl) => {
      const client = createKinesisClient({ endpointUrl });
      const writer = createKinesisWriter({ client, stream: 's' });
      return writer.put([{ partitionKey: 'p', data: new Uint8Array(1) }]);
    },
  ],
];

async function expectUnavailableSoon(act: () => Promise<unknown>, message: RegExp): Promise<void> {
  const startedMs = performance.now();
  const error = await act().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnavailableError);
  expect((error as Error).message).toMatch(message);
  expect(performance.now() - startedMs).toBeLessThan(ANSWER_MS_MAX);
}

describe('with credentials', () => {
  useAwsEnvironment(SOME_CREDENTIALS);

  test.each(ports)('%s behind a closed port is unavailable soon', async (_, message, act) => {
    const url = await closedPortUrl();
    await expectUnavailableSoon(() => act(url), message);
  });

  test.each(ports.filter(([port]) => port !== 'a bucket'))(
    '%s that takes the request and never answers is unavailable soon',
    async (_, message, act) => {
      const endpoint = await startEndpoint(() => 'silence');
      await expectUnavailableSoon(() => act(endpoint.url), message);
      await endpoint.close();
    },
  );

  test('a bucket has longer for its bytes, but not longer than the caller', async () => {
    const endpoint = await startEndpoint(() => 'silence');
    const client = createS3Client({ endpointUrl: endpoint.url });
    const limits = {
      attemptsMax: 3,
      attemptMsMax: 10_000,
      totalMsMax: 20_000,
      deadline: () => 200,
    };
    const act = () => createS3Objects({ client, bucket: 'b', limits }).get('k');
    await expectUnavailableSoon(act, /no answer within 200 ms/);
    await endpoint.close();
  });
});

describe('without credentials, where the metadata service does not answer', () => {
  let metadata: Awaited<ReturnType<typeof startEndpoint>>;

  useAwsEnvironment({});

  beforeAll(async () => {
    metadata = await startEndpoint(() => 'silence');
    process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = metadata.url;
  });

  afterAll(() => metadata.close());

  test.each(ports)('%s is unavailable soon, and nothing is sent to it', async (_, message, act) => {
    const asked = metadata.requests.length;
    const service = await startEndpoint(() => ({ status: 200, body: {} }));
    await expectUnavailableSoon(() => act(service.url), message);
    expect(service.requests).toEqual([]);
    expect(metadata.requests.length).toBeGreaterThan(asked);
    await service.close();
  });
});
