/**
 * The deployed handlers beside services that are slow or never answer, over real connections: each has
 * answered when its time-out comes, since an invocation that times out counts as a death.
 */
import { readFileSync } from 'node:fs';
import { UnavailableError } from '@millrace/core/error';
import { type EndpointRequest, type Reply, startEndpoint } from '../adapters/scripted-endpoint';

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

jest.setTimeout(30_000);
// Real time, as in production: a machine that is busy for a second spoils one try.
jest.retryTimes(2);

const eventOf = (path: string) => JSON.parse(readFileSync(`events/${path}.json`, 'utf8'));
const dueItem = {
  ...{ pk: { S: 'S#host.cpu#web-1' }, sk: { S: '=web-1' } },
  ...{ due: { N: '1' }, la: { N: '1' }, idleMs: { N: '1' } },
};

const silence = () => 'silence' as const;
/** Each kind of request is answered from the third try on, 1.8 s after the first; then with `reply`. */
function slow(reply: (request: EndpointRequest) => Reply) {
  const firstMs = new Map<string | undefined, number>();
  return (request: EndpointRequest): Reply => {
    const nowMs = performance.now();
    const first = firstMs.get(request.operation) ?? nowMs;
    firstMs.set(request.operation, first);
    return nowMs - first < 1_400 ? 'silence' : reply(request);
  };
}
const ok = (body: object): Reply => ({ status: 200, body });

const CASES = {
  'stream-consumer': {
    // A batch of one: its attempt is counted, and the count is deleted again.
    ...{ event: eventOf('kinesis/single'), budgetMs: 2_500, dynamo: silence },
    last: 'DeleteItem',
    expected: { batchItemFailures: [{ itemIdentifier: expect.any(String) }] },
  },
  'stream-sweeper': {
    ...{ event: {}, budgetMs: 5_200 },
    last: 'PutRecords',
    dynamo: slow(({ operation }) => {
      if (operation === 'Query') return ok({ Items: [dueItem] });
      return operation === 'BatchGetItem' ? ok({ Responses: { state: [dueItem] } }) : 'silence';
    }),
    expected: expect.any(UnavailableError),
  },
  'alert-dispatcher': {
    ...{ event: eventOf('dynamodb-stream/single'), budgetMs: 5_500 },
    last: 'DeleteItem',
    // The topic speaks another protocol, and never answers.
    dynamo: slow(({ operation }) =>
      operation === undefined || operation === 'DeleteItem' ? 'silence' : ok({ Responses: {} }),
    ),
    expected: { batchItemFailures: [{ itemIdentifier: expect.any(String) }] },
  },
  'result-projector': {
    ...{ event: eventOf('dynamodb-stream/rows-single'), budgetMs: 10_200 },
    last: 'WriteRecords',
    dynamo: () => ok({ Responses: {} }),
    expected: { batchItemFailures: [{ itemIdentifier: expect.any(String) }] },
  },
};

const ENVIRONMENT = {
  ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' },
  ...{ STATE_TABLE: 'state', RESULTS_TABLE: 'results', CONTROL_TABLE: 'control' },
  ...{ QUARANTINE_BUCKET: 'bucket', STREAM_NAME: 'stream', ALERT_TOPIC_ARN: 'arn:topic' },
  ...{ TIMESTREAM_DATABASE: 'database', TIMESTREAM_TABLE: 'table', LOG_LEVEL: 'ERROR' },
  ...{ PARALLELIZATION_FACTOR: '1', STATE_TTL_DAYS: '30', STREAM_RETENTION_HOURS: '24' },
  ...{ POWERTOOLS_METRICS_NAMESPACE: 'millrace/test', POWERTOOLS_DEV: 'true' },
};

async function invoke(name: keyof typeof CASES) {
  const { event, budgetMs, dynamo } = CASES[name];
  const endpoint = await startEndpoint(dynamo as (request: EndpointRequest) => Reply);
  const never = await startEndpoint(silence);
  // Read when the module loads, before anything else can run.
  Object.assign(process.env, { ENDPOINT_URL: endpoint.url, TIMESTREAM_ENDPOINT_URL: never.url });
  const { handler } = require(`../../../functions/${name}/handler`) as { handler: Handler };
  const startedMs = performance.now();
  const elapsedMs = () => performance.now() - startedMs;
  const context = { getRemainingTimeInMillis: () => Math.floor(budgetMs - elapsedMs()) };
  const answer = await handler(event, context).catch((error: unknown) => error);
  const tookMs = elapsedMs();
  const last = [...endpoint.requests, ...never.requests].at(-1)?.operation;
  await Promise.all([endpoint.close(), never.close()]);
  return { answer, tookMs, last };
}

describe('a service that does not answer', () => {
  const before = process.env;
  let answers: Map<string, Promise<Awaited<ReturnType<typeof invoke>>>>;

  beforeAll(() => {
    process.env = { ...before, ...ENVIRONMENT };
    const names = Object.keys(CASES) as (keyof typeof CASES)[];
    // All at once: they only wait.
    answers = new Map(names.map((name) => [name, invoke(name)]));
  });
  afterAll(() => {
    process.env = before;
  });

  test.each(Object.entries(CASES))(
    '%s answers before its time is over',
    async (name, { budgetMs, last: expectedLast, expected }) => {
      const first = answers.get(name);
      answers.delete(name);
      const { answer, tookMs, last } = await (first ?? invoke(name as keyof typeof CASES));

      expect(last).toBe(expectedLast);
      expect(answer).toEqual(expected);
      expect(tookMs).toBeLessThan(budgetMs);
    },
  );
});
