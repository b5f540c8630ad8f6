import { createS3Client, createS3Objects } from '@millrace/adapters/aws/s3-objects';
import { BugError, UnavailableError } from '@millrace/core/error';
import type { ObjectStore } from '@millrace/core/port';
import { SOME_CREDENTIALS, useAwsEnvironment } from './aws-environment';
import { type Reply, startEndpoint } from './scripted-endpoint';

useAwsEnvironment(SOME_CREDENTIALS);

async function withObjects(
  replies: readonly Reply[],
  act: (objects: ObjectStore) => Promise<void>,
): Promise<number> {
  const endpoint = await startEndpoint((_, nth) => replies[Math.min(nth, replies.length) - 1]!);
  const client = createS3Client({ endpointUrl: endpoint.url });
  try {
    await act(createS3Objects({ client, bucket: 'b' }));
    return endpoint.requests.length;
  } finally {
    client.destroy();
    await endpoint.close();
  }
}

const failure = (status: number, code: string): Reply => ({
  status,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>scripted</Message></Error>`,
});
const done: Reply = { status: 200 };
const bytes = new Uint8Array([1]);

test.each<[string, Reply[], 'created' | 'exists', tries: number]>([
  ['the key is taken', [failure(412, 'PreconditionFailed')], 'exists', 1],
  ['another create is under way', [failure(409, 'ConditionalRequestConflict'), done], 'created', 2],
  ['S3 asks to slow down', [failure(503, 'SlowDown'), done], 'created', 2],
  ['S3 has an internal error', [failure(500, 'InternalError'), done], 'created', 2],
  ['the answer got lost', ['reset', failure(412, 'PreconditionFailed')], 'exists', 2],
])('create when %s', async (_, replies, expected, tries) => {
  const requests = await withObjects(replies, async (objects) => {
    expect(await objects.create('k', bytes)).toBe(expected);
  });
  expect(requests).toBe(tries);
});

test('get of an absent key is undefined, of an absent bucket unavailable at once', async () => {
  await withObjects([failure(404, 'NoSuchKey')], async (objects) => {
    expect(await objects.get('k')).toBeUndefined();
  });
  const requests = await withObjects([failure(404, 'NoSuchBucket')], async (objects) => {
    await expect(objects.get('k')).rejects.toThrow(UnavailableError);
  });
  expect(requests).toBe(1);
});

test.each(['EntityTooLarge', 'MetadataTooLarge'])('%s is a bug', async (code) => {
  await withObjects([failure(400, code)], async (objects) => {
    await expect(objects.create('k', bytes)).rejects.toThrow(BugError);
  });
});
