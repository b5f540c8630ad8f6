import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { BugError, UnavailableError } from '@millrace/core/error';
import type { KeyValueStore } from '@millrace/core/port';
import { SOME_CREDENTIALS, useAwsEnvironment } from './aws-environment';
import { type EndpointRequest, type Reply, refusal, startEndpoint } from './scripted-endpoint';

useAwsEnvironment(SOME_CREDENTIALS);

const key = { pk: 'p', sk: 's' };

async function withStore(
  answer: (request: EndpointRequest, nth: number) => Reply,
  act: (store: KeyValueStore, requests: readonly EndpointRequest[]) => Promise<void>,
): Promise<void> {
  const endpoint = await startEndpoint(answer);
  const client = createDynamoClient({ endpointUrl: endpoint.url });
  try {
    await act(createDynamoStore({ client, table: 't' }), endpoint.requests);
  } finally {
    client.destroy();
    await endpoint.close();
  }
}

type WireKeys = { pk: { S: string }; sk: { S: string } }[];
const keysOf = ({ body }: EndpointRequest) =>
  (body as { RequestItems: { t: { Keys: WireKeys; ConsistentRead: boolean } } }).RequestItems.t;

describe('getMany', () => {
  const keys = Array.from({ length: 250 }, (_, n) => ({ pk: 'p', sk: `s${n}` }));

  /** Answers `most` keys of each request and hands the rest back. */
  const someOf = (most: number) => (request: EndpointRequest) => {
    const { Keys } = keysOf(request);
    const Responses = { t: Keys.slice(0, most).map((wire) => ({ ...wire, n: { N: '1' } })) };
    const left = Keys.slice(most);
    return {
      status: 200,
      body: { Responses, UnprocessedKeys: left.length > 0 ? { t: { Keys: left } } : {} },
    };
  };

  test('asks for what was not processed until all is there, a hundred keys at a time', async () => {
    await withStore(someOf(30), async (store, requests) => {
      const items = await store.getMany(keys);
      expect(items).toEqual(keys.map((at) => ({ ...at, n: 1 })));
      const asked = requests.map((request) => keysOf(request).Keys.length);
      expect(asked.toSorted((a, b) => b - a)).toEqual([100, 100, 70, 70, 50, 40, 40, 20, 10, 10]);
      expect(requests.every((request) => keysOf(request).ConsistentRead)).toBe(true);
    });
  });

  test('is unavailable when three requests in a row process nothing', async () => {
    await withStore(someOf(0), async (store, requests) => {
      const answer = store.getMany([key]);
      await expect(answer).rejects.toThrow(UnavailableError);
      await expect(answer).rejects.toThrow(/^BatchGetItem on table t: 3 tries failed/);
      expect(requests).toHaveLength(3);
    });
  });

  test('an attribute that we never write is no number, and takes no other along', async () => {
    const spoilt = {
      list: { L: [] },
      half: { N: '0.5' },
      huge: { N: '1E99' },
      none: { NULL: true },
    };
    const item = { pk: { S: 'p' }, sk: { S: 's' }, ...spoilt, n: { N: '7' } };
    const answer = () => ({ status: 200, body: { Responses: { t: [item] } } });
    await withStore(answer, async (store) => {
      const read = { list: Number.NaN, half: Number.NaN, huge: Number.NaN, none: Number.NaN };
      expect(await store.getMany([key])).toEqual([{ pk: 'p', sk: 's', ...read, n: 7 }]);
    });
  });
});

describe('writes', () => {
  const done = { status: 200, body: { Attributes: { n: { N: '5' } } } };
  const acts: Record<string, (store: KeyValueStore) => Promise<unknown>> = {
    put: (store) => store.put(key, { kind: 'absent' }),
    update: (store) => store.update(key, { n: 1 }, { kind: 'exists' }),
    delete: (store) => store.delete(key),
    increment: (store) => store.increment(key, 'n', 5),
  };

  test.each([
    ['put', 'written'],
    ['update', 'written'],
    ['delete', undefined],
    ['increment', 5],
  ])('%s throttled twice succeeds at the third try', async (name, expected) => {
    const throttled = refusal(400, 'ProvisionedThroughputExceededException');
    const answer = (_: EndpointRequest, nth: number) => (nth < 3 ? throttled : done);
    await withStore(answer, async (store, requests) => {
      expect(await acts[name]!(store)).toBe(expected);
      expect(requests).toHaveLength(3);
    });
  });

  test.each([
    ['put', 3],
    ['update', 3],
    ['delete', 3],
    // Its first try may have counted.
    ['increment', 1],
  ])('%s that gets status 500 is unavailable after %i tries', async (name, tries) => {
    await withStore(
      () => refusal(500, 'InternalServerError'),
      async (store, requests) => {
        await expect(acts[name]!(store)).rejects.toThrow(UnavailableError);
        expect(requests).toHaveLength(tries);
      },
    );
  });

  test.each(['put', 'update'])('%s against its condition is a conflict at once', async (name) => {
    const conflict = refusal(400, 'ConditionalCheckFailedException');
    await withStore(
      () => conflict,
      async (store, requests) => {
        expect(await acts[name]!(store)).toBe('conflict');
        expect(requests).toHaveLength(1);
      },
    );
  });

  test('a put whose answer was lost meets itself as a conflict', async () => {
    const conflict = refusal(400, 'ConditionalCheckFailedException');
    const answer = (_: EndpointRequest, nth: number) => (nth === 1 ? 'reset' : conflict);
    await withStore(answer, async (store) => {
      expect(await acts.put!(store)).toBe('conflict');
    });
  });

  test.each(['put', 'update', 'delete', 'increment'])(
    '%s that DynamoDB finds invalid is a bug, not tried again',
    async (name) => {
      await withStore(
        () => refusal(400, 'ValidationException'),
        async (store, requests) => {
          await expect(acts[name]!(store)).rejects.toThrow(BugError);
          expect(requests).toHaveLength(1);
        },
      );
    },
  );

  test.each(['ResourceNotFoundException', 'AccessDeniedException', 'ExpiredTokenException'])(
    '%s is unavailable at once: only people can help',
    async (type) => {
      await withStore(
        () => refusal(400, type),
        async (store, requests) => {
          await expect(acts.put!(store)).rejects.toThrow(UnavailableError);
          expect(requests).toHaveLength(1);
        },
      );
    },
  );
});
