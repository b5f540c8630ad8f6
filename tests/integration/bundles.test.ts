import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Resource, resourcesOf, template } from '../contract/template/document';
import { bundleFunction, environmentOf } from '../helper/bundle';

/**
 * Bundles away from the checkout, invoked with nothing to reach: an import that resolved through the
 * tree, a global that Lambda's Node has not, or a wait without an end shows here. scripts/smoke-bundles.mjs
 * names Lambda's Node in MILLRACE_NODE and, behind `sam build`, its output in MILLRACE_BUNDLES.
 */
const ANSWER_MS_MAX = 10_000;

const node = process.env.MILLRACE_NODE ?? process.execPath;
const built = process.env.MILLRACE_BUNDLES;
const document = template();
const functions = resourcesOf(document, 'AWS::Serverless::Function');
const folder = mkdtempSync(join(tmpdir(), 'millrace-smoke-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
jest.setTimeout(60_000);

/** What a source sends, and how the function must answer when no table can be reached. */
type Answer = { readonly response: unknown } | { readonly error: string };
interface Expectation {
  readonly event: string;
  readonly answer: (event: { Records: readonly Properties[] }) => Answer;
}
// biome-ignore lint/suspicious/noExplicitAny: records of several sources.
type Properties = any;

const firstOf = (sequenceOf: (record: Properties) => string): Expectation['answer'] => {
  return ({ Records }) => ({
    response: { batchItemFailures: [{ itemIdentifier: sequenceOf(Records[0]) }] },
  });
};
const EXPECTATIONS: Readonly<Record<string, Expectation>> = {
  Kinesis: {
    event: 'events/kinesis/batch.json',
    answer: firstOf(({ kinesis }) => kinesis.sequenceNumber),
  },
  DynamoDB: {
    event: 'events/dynamodb-stream/batch.json',
    answer: firstOf(({ dynamodb }) => dynamodb.SequenceNumber),
  },
  // Nobody reads its answer: it must fail, or the failed sweep would not reach the dead letters.
  ScheduleV2: {
    event: 'events/schedule/single.json',
    answer: () => ({ error: 'UnavailableError' }),
  },
};

const INVOKE = `
  const event = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
  const beganMs = performance.now();
  const context = { getRemainingTimeInMillis: () => Math.round(60_000 - (performance.now() - beganMs)) };
  const { handler } = require('./handler.js');
  const done = (result) => {
    result.ms = performance.now() - beganMs;
    require('node:fs').writeFileSync('answer.json', JSON.stringify(result));
    process.exit(0);
  };
  handler(event, context).then((response) => done({ response }), (error) => done({ error: error.name, message: error.message }));
`;

/** Of the table stream it looks at rows, not at incidents. */
const PROJECTOR: Expectation = {
  ...(EXPECTATIONS.DynamoDB as Expectation),
  event: 'events/dynamodb-stream/rows-batch.json',
};

describe.each(functions)('%s alone', (name, resource) => {
  const [{ Type }] = Object.values<Properties>(resource.Properties.Events) as [Properties];
  const expectation = name === 'ResultProjector' ? PROJECTOR : EXPECTATIONS[Type];
  const { event, answer } = expectation as Expectation;

  test('answers within seconds, as its event source can use', async () => {
    const bundle = prepare(name, resource);
    const text = readFileSync(event, 'utf8');
    const nowhere = `http://127.0.0.1:${await closedPort()}`;

    const child = spawnSync(node, ['-e', INVOKE], {
      cwd: bundle,
      input: text,
      encoding: 'utf8',
      timeout: 3 * ANSWER_MS_MAX,
      env: {
        ...environmentOf(document, resource),
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'none',
        AWS_SECRET_ACCESS_KEY: 'none',
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        ENDPOINT_URL: nowhere,
        TIMESTREAM_ENDPOINT_URL: nowhere,
      },
    });

    // Log lines, which say why; no warning of Node, no stack.
    for (const line of child.stderr.split('\n').filter(Boolean)) {
      expect(JSON.parse(line)).toMatchObject({ reason: expect.stringContaining('ECONNREFUSED') });
    }
    const {
      ms,
      message: _message,
      ...given
    } = JSON.parse(readFileSync(join(bundle, 'answer.json'), 'utf8'));
    expect(given).toEqual(answer(JSON.parse(text)));
    expect(ms).toBeLessThan(ANSWER_MS_MAX);
  });
});

function prepare(name: string, resource: Resource): string {
  const target = join(folder, name);
  if (built === undefined) bundleFunction(resource, target);
  else cpSync(join(built, name), target, { recursive: true });
  expect(existsSync(join(target, 'handler.js'))).toBe(true);
  return target;
}

/** One that was free a moment ago: a connection to it is refused. */
function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
