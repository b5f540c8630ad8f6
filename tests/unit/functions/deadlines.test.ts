/**
 * The deployed handlers beside services that are slow or never answer, over real connections: each has
 * answered when its time-out comes, since an invocation that times out counts as a death.
 */
import { readFileSync } from 'node:fs';
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
    return nowMs - first < 1_200 ? 'silence' : reply(request);
  };
}
const ok = (body: object): Reply => ({ status: 200, body });

/** Budgets: a second and more above what a handler asks for before it begins, and less than unbounded tries take. */
const CASES = {
  'stream-consumer': {
    // A batch of one: its attempt is counted, and the count is deleted again.
    ...{ event: eventOf('kinesis/single'), budgetMs: 4_000, dynamo: () => silence },
    last: 'DeleteItem',
    expected: { batchItemFailures: [{ itemIdentifier: expect.any(String) }] },
  },
  'stream-sweeper': {
    ...{ event: {}, budgetMs: 6_000 },
    last: 'PutRecords',
    dynamo: () =>
      slow(({ operation }) => {
        if (operation === 'Query') return ok({ Items: [dueItem] });
        return operation === 'BatchGetItem' ? ok({ Responses: { state: [dueItem] } }) : 'silence';
      }),
    // By its name: the handler's modules are not this test's.
    expected: expect.objectContaining({ name: 'UnavailableError' }),
  },
  'alert-dispatcher': {
    ...{ event: eventOf('dynamodb-stream/single'), budgetMs: 7_500 },
    last: 'DeleteItem',
    // The topic speaks another protocol, and never answers.
    dynamo: () =>
      slow(({ operation }) =>
        operation === undefined || operation === 'DeleteItem' ? 'silence' : ok({ Responses: {} }),
      ),
    expected: { batchItemFailures: [{ itemIdentifier: expect.any(String) }] },
  },
  'result-projector': {
    ...{ event: eventOf('dynamodb-stream/rows-single'), budgetMs: 12_000 },
    last: 'WriteRecords',
    dynamo: () => () => ok({ Responses: {} }),
    expected: { batchItemFailures: [{ itemIdentifier: expect.any(String) }] },
  },
};

const ENVIRONMENT = {
  ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' },
  ...{ STATE_TABLE: 'state', RESULTS_TABLE: 'results', CONTROL_TABLE: 'control' },
  ...{ QUARANTINE_BUCKET: 'bucket', STREAM_NAME: 'stream', ALERT_TOPIC_ARN: 'arn:topic' },
  ...{ TIMESTREAM_DATABASE: 'database', TIMESTREAM_TABLE: 'table', LOG_LEVEL: 'ERROR' },
  ...{ STATE_TTL_DAYS: '30', QUARANTINE_RETENTION_DAYS: '90' },
  ...{ STREAM_RETENTION_HOURS: '24' },
  ...{ POWERTOOLS_METRICS_NAMESPACE: 'millrace/test', POWERTOOLS_DEV: 'true' },
};

/** A container of its own: a second one must not find the clients of the first, whose endpoints are gone. */
async function start(name: keyof typeof CASES) {
  const { dynamo } = CASES[name];
  const endpoint = await startEndpoint(dynamo() as (request: EndpointRequest) => Reply);
  const never = await startEndpoint(silence);
  // Read when the module loads, before anything else can run.
  Object.assign(process.env, { ENDPOINT_URL: endpoint.url, TIMESTREAM_ENDPOINT_URL: never.url });
  jest.resetModules();
  const { handler } = require(`../../../functions/${name}/handler`) as { handler: Handler };
  return { name, handler, endpoint, never };
}

async function invoke({ name, handler, endpoint, never }: Awaited<ReturnType<typeof start>>) {
  const { event, budgetMs } = CASES[name];
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
  const answers = new Map<string, ReturnType<typeof invoke>>();

  beforeAll(async () => {
    process.env = { ...before, ...ENVIRONMENT };
    const started = [];
    // Loading blocks timers for seconds on a slow machine: all of it is done before any clock starts.
    for (const name of Object.keys(CASES)) started.push(await start(name as keyof typeof CASES));
    // All at once: they only wait.
    for (const container of started) answers.set(container.name, invoke(container));
  });
  afterAll(() => {
    process.env = before;
  });

  test.each(Object.entries(CASES))(
    '%s answers before its time is over',
    async (name, { budgetMs, last: expectedLast, expected }) => {
      const first = answers.get(name);
      answers.delete(name);
      const { answer, tookMs, last } = await (first ??
        start(name as keyof typeof CASES).then(invoke));

      expect(last).toBe(expectedLast);
      expect(answer).toEqual(expected);
      expect(tookMs).toBeLessThan(budgetMs);
    },
  );
});
