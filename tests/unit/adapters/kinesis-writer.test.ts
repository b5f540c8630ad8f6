import {
  createKinesisClient,
  createKinesisWriter,
  DisorderError,
  nextRuns,
  requestsOf,
} from '@millrace/adapters/aws/kinesis-writer';
import { UnavailableError } from '@millrace/core/error';
import type { StreamEntry } from '@millrace/core/port';
import fc from 'fast-check';
import { SOME_CREDENTIALS, useAwsEnvironment } from './aws-environment';
import { type EndpointRequest, type Reply, refusal, startEndpoint } from './scripted-endpoint';

useAwsEnvironment(SOME_CREDENTIALS);

interface WireEntry {
  readonly PartitionKey: string;
  readonly Data: string;
}

const recordsOf = ({ body }: EndpointRequest) => (body as { Records: WireEntry[] }).Records;

/** A stream that refuses the entries it is told to and keeps the others in the order they came. */
function pickyStream(refuses: (nth: number) => boolean) {
  const taken: string[] = [];
  let nth = 0;
  function answer(request: EndpointRequest): Reply {
    const Records = recordsOf(request).map(({ PartitionKey, Data }) => {
      if (refuses(nth++)) return { ErrorCode: 'ProvisionedThroughputExceededException' };
      taken.push(`${PartitionKey}=${Buffer.from(Data, 'base64')}`);
      return { SequenceNumber: String(taken.length), ShardId: 'shardId-000000000000' };
    });
    const FailedRecordCount = Records.filter((record) => 'ErrorCode' in record).length;
    return { status: 200, body: { FailedRecordCount, Records } };
  }
  return { taken, answer };
}

async function putInto(
  answer: (request: EndpointRequest, nth: number) => Reply,
  entries: readonly StreamEntry[],
  attemptsMax = 3,
  stream = 's',
  keyRunMax = 1,
) {
  const endpoint = await startEndpoint(answer);
  const client = createKinesisClient({ endpointUrl: endpoint.url });
  const time = { nowMs: () => performance.now(), sleep: async () => {}, random: Math.random };
  const limits = { attemptsMax, attemptMsMax: 2000, totalMsMax: 10_000, time };
  try {
    await createKinesisWriter({ client, stream, limits, keyRunMax }).put(entries);
    return endpoint.requests;
  } finally {
    client.destroy();
    await endpoint.close();
  }
}

const entry = (partitionKey: string, n: number): StreamEntry => ({
  partitionKey,
  data: new TextEncoder().encode(String(n)),
});

test('only refused entries are sent again', async () => {
  const stream = pickyStream((nth) => nth === 1);
  const requests = await putInto(stream.answer, [entry('a', 1), entry('b', 2), entry('c', 3)]);
  const sent = requests.map((request) =>
    recordsOf(request).map(({ PartitionKey }) => PartitionKey),
  );
  expect(sent).toEqual([['a', 'b', 'c'], ['b']]);
  expect(stream.taken).toEqual(['a=1', 'c=3', 'b=2']);
});

test('a refused entry holds back the later ones of its key', async () => {
  const stream = pickyStream((nth) => nth === 0);
  await putInto(stream.answer, [entry('a', 1), entry('a', 2), entry('b', 3)]);
  expect(stream.taken).toEqual(['b=3', 'a=1', 'a=2']);
});

test('whatever is refused, all entries arrive once and every key keeps its order', async () => {
  const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 12 });
  const refusals = fc.array(fc.boolean(), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(keys, refusals, async (partitionKeys, refused) => {
      const stream = pickyStream((nth) => refused[nth] ?? false);
      const entries = partitionKeys.map(entry);
      const requests = await putInto(stream.answer, entries, 40);
      for (const key of partitionKeys) {
        const ofKey = entries.filter(({ partitionKey }) => partitionKey === key);
        const expected = ofKey.map(({ data }) => `${key}=${new TextDecoder().decode(data)}`);
        expect(stream.taken.filter((text) => text.startsWith(key))).toEqual(expected);
      }
      for (const request of requests) {
        const inOne = recordsOf(request).map(({ PartitionKey }) => PartitionKey);
        expect(new Set(inOne).size).toBe(inOne.length);
      }
    }),
    { numRuns: 40 },
  );
});

test('a stream that takes nothing is unavailable after three tries, and says why', async () => {
  const stream = pickyStream(() => true);
  const answer = putInto(stream.answer, [entry('a', 1)]);
  await expect(answer).rejects.toThrow(UnavailableError);
  await expect(answer).rejects.toThrow(
    /^PutRecords on stream s: 3 tries failed.*ProvisionedThroughputExceededException/,
  );
});

test('a request that is throttled as a whole is sent again', async () => {
  const stream = pickyStream(() => false);
  const throttled = refusal(400, 'ProvisionedThroughputExceededException');
  const answer = (request: EndpointRequest, nth: number) =>
    nth === 1 ? throttled : stream.answer(request);
  expect(await putInto(answer, [entry('a', 1)])).toHaveLength(2);
  expect(stream.taken).toEqual(['a=1']);
});

describe('runs of a key in one request', () => {
  const keysOf = (requests: readonly EndpointRequest[]) =>
    requests.map((request) =>
      recordsOf(request)
        .map(({ PartitionKey }) => PartitionKey)
        .join(''),
    );

  test('as many as allowed; the next run waits for the answer', async () => {
    const stream = pickyStream(() => false);
    const entries = ['a', 'a', 'b', 'a', 'a', 'a'].map((key, n) => entry(key, n));
    const requests = await putInto(stream.answer, entries, 3, 's', 3);

    expect(keysOf(requests)).toEqual(['aaba', 'aa']);
    expect(stream.taken).toEqual(['a=0', 'a=1', 'b=2', 'a=3', 'a=4', 'a=5']);
  });

  test('a refused tail is sent again one by one, and the order is kept', async () => {
    const stream = pickyStream((nth) => nth === 1 || nth === 2);
    const entries = [0, 1, 2].map((n) => entry('a', n));
    const requests = await putInto(stream.answer, entries, 3, 's', 10);

    expect(keysOf(requests)).toEqual(['aaa', 'a', 'a']);
    expect(stream.taken).toEqual(['a=0', 'a=1', 'a=2']);
  });

  test('an entry that is taken behind a refused one is told of; nothing is lost or doubled', async () => {
    const stream = pickyStream((nth) => nth === 1);
    const entries = [0, 1, 2].map((n) => entry('a', n));

    await expect(putInto(stream.answer, entries, 3, 's', 10)).rejects.toThrow(DisorderError);

    expect(stream.taken).toEqual(['a=0', 'a=2', 'a=1']);
  });

  test('numbers that step back are told of', async () => {
    const Records = ['9', '8'].map((SequenceNumber) => ({ SequenceNumber, ShardId: 's-0' }));
    const answer = () => ({ status: 200, body: { FailedRecordCount: 0, Records } });

    await expect(putInto(answer, [entry('a', 0), entry('a', 1)], 3, 's', 2)).rejects.toThrow(
      DisorderError,
    );
  });

  test('whatever is refused: all arrive once, and a key is in order or told of', async () => {
    const keys = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 12 });
    const refusals = fc.array(fc.boolean(), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(keys, refusals, async (partitionKeys, refused) => {
        const stream = pickyStream((nth) => refused[nth] ?? false);
        const entries = partitionKeys.map(entry);
        const put = putInto(stream.answer, entries, 40, 's', 4).then(
          () => null,
          (error: unknown) => error,
        );
        const error = await put;
        const texts = partitionKeys.map((key, n) => `${key}=${n}`);
        const isOrdered = ['a', 'b', 'c'].every((key) => {
          const ofKey = (text: string) => text.startsWith(key);
          return stream.taken.filter(ofKey).join() === texts.filter(ofKey).join();
        });

        expect([...stream.taken].sort()).toEqual([...texts].sort());
        expect(error instanceof DisorderError).toBe(!isOrdered);
      }),
      { numRuns: 40 },
    );
  });

  test('limits of a request hold', () => {
    const entries = Array.from({ length: 501 }, (_, n) => entry('a', n));
    const large = Array(6).fill({ partitionKey: 'k', data: new Uint8Array(1024 * 1024 - 1) });

    expect(nextRuns(entries, 1000)).toHaveLength(500);
    expect(nextRuns(large, 1000)).toHaveLength(5);
  });
});

describe('requests', () => {
  const sized = (bytes: number, partitionKey = 'k') => ({
    partitionKey,
    data: new Uint8Array(bytes - partitionKey.length),
  });
  const MIB = 1024 * 1024;

  test.each<[string, StreamEntry[], number[]]>([
    ['nothing', [], []],
    ['500 entries', Array(500).fill(sized(10)), [500]],
    ['501 entries', Array(501).fill(sized(10)), [500, 1]],
    ['exactly 5 MiB, keys included', Array(5).fill(sized(MIB)), [5]],
    ['a byte more', [...Array(5).fill(sized(MIB)), sized(1)], [5, 1]],
    ['both limits', [...Array(6).fill(sized(MIB)), ...Array(600).fill(sized(2))], [5, 500, 101]],
  ])('%s', (_, entries, expected) => {
    expect(requestsOf(entries).map(({ length }) => length)).toEqual(expected);
  });
});

test.each([
  ['a name', 's', { StreamName: 's' }],
  [
    'an ARN, which may lead to another account',
    'arn:aws:kinesis:eu-west-1:111122223333:stream/orders',
    { StreamARN: 'arn:aws:kinesis:eu-west-1:111122223333:stream/orders' },
  ],
])('the stream is addressed by %s', async (_what, name, expected) => {
  const [request] = await putInto(pickyStream(() => false).answer, [entry('a', 1)], 3, name);
  const { Records: _records, ...target } = (request?.body ?? {}) as Record<string, unknown>;

  expect(target).toEqual(expected);
});
