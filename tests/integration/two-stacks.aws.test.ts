import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createKinesisClient, createKinesisWriter } from '@millrace/adapters/aws/kinesis-writer';
import { parsePipelineText } from '@millrace/core/pipeline/parse';
import { readAccounting, readRows } from '@millrace/core/results/read';
import { rowLine } from '@millrace/core/results/view';
import { type Reference, recordsToPut, replayed } from './deployed-run';
import { emulatedAws } from './emulated-aws';
import { type DeployedStack, describeStack, sam } from './sam-stack';
import { readStream, writeRecording } from './stream-content';

/**
 * Two stacks of the unchanged template in one account and region, at the same time, each with records of
 * its own: neither takes a name, a record or a row from the other. `npm run test:deploy` starts the
 * emulated AWS.
 */
const STACKS = [
  { name: 'millrace', stage: 'default', records: 1_000 },
  { name: 'millrace-dev', stage: 'dev', records: 1_200 },
] as const;
const CONSUMED_MS_MAX = 60_000;

const endpoint = process.env.MILLRACE_ENDPOINT as string;
const aws = emulatedAws(endpoint);
const folder = mkdtempSync(join(tmpdir(), 'millrace-two-stacks-'));
const built = resolve('.millrace/test-deploy/two-stacks');
const samConfig = ['--config-file', resolve('samconfig.toml')];
const { pipeline } = parsePipelineText(readFileSync('pipeline.json', 'utf8'));
const settings = { endpointUrl: endpoint, requestMsMax: 10_000 };
const limits = { attemptsMax: 5, attemptMsMax: 10_000, totalMsMax: 30_000 };
const dynamo = createDynamoClient(settings);
const kinesis = createKinesisClient(settings);
jest.setTimeout(180_000);

interface Side {
  readonly stack: DeployedStack;
  readonly reference: Reference;
}
const sides: Side[] = [];

beforeAll(async () => {
  await sam(endpoint, ['build', ...samConfig, '--build-dir', built]);
  for (const { stage } of STACKS) {
    const template = ['--template-file', join(built, 'template.yaml'), '--config-env', stage];
    const overrides = ['--parameter-overrides', 'Architecture=x86_64'];
    await sam(endpoint, [
      'deploy',
      ...samConfig,
      ...template,
      '--no-confirm-changeset',
      ...overrides,
    ]);
  }
  for (const { name, records } of STACKS) {
    const stack = await describeStack(endpoint, name);
    const stream = stack.outputs.StreamName as string;
    const { records: made } = recordsToPut(folder, records);
    await createKinesisWriter({ client: kinesis, stream, limits }).put(made);
    const recording = join(folder, `${name}.ndjson`);
    await writeRecording(recording, await readStream(kinesis, stream));
    sides.push({ stack, reference: replayed(recording, join(folder, name)) });
  }
});

afterAll(() => {
  for (const client of [dynamo, kinesis]) client.destroy();
  rmSync(folder, { recursive: true, force: true });
});

test('both are there, and no resource belongs to both', () => {
  const [first = [], second = []] = sides.map(({ stack }) =>
    stack.resources.map(({ physicalId }) => physicalId),
  );

  expect(first.length).toBeGreaterThan(30);
  expect(second).toHaveLength(first.length);
  expect(first.filter((id) => second.includes(id))).toEqual([]);
});

test('each has a schedule of its own, which invokes its own sweeper', async () => {
  const { Schedules } = (await aws.get('scheduler', '/schedules')) as {
    Schedules: { Name: string; Target: { Arn: string } }[];
  };

  const invoked = Schedules.map(({ Target }) => Target.Arn.split(':').at(-1));
  const sweepers = sides.map(({ stack }) => stack.idOf('StreamSweeper'));

  expect(new Set(Schedules.map(({ Name }) => Name)).size).toBe(STACKS.length);
  expect(invoked.sort()).toEqual(sweepers.sort());
});

test.each([0, 1])('stack %i accounts for its own records, and for no others', async (at) => {
  const { stack, reference } = sides[at] as Side;
  const { applied, late, duplicate, invalid, unmatched } = reference.accounting;

  expect(applied).toBeGreaterThan(500);
  expect(await consumed(stack, reference)).toMatchObject({
    ...{ applied, late, duplicate, invalid, unmatched },
  });
});

test.each([0, 1])('stack %i has the rows of its own records', async (at) => {
  const { stack, reference } = sides[at] as Side;
  const rows = (await readRows(table(stack, 'ResultsTableName'), pipeline)).map(rowLine);

  // The newest window of each series waits for time to close it, here as in the replay's end.
  const ids = new Set(rows.map(idOf));
  expect(reference.rows.filter((row) => ids.has(idOf(row)))).toEqual(rows);
  expect(rows.length).toBeGreaterThan(reference.rows.length * 0.8);
});

test('deleting one leaves the other at work', async () => {
  const [{ stack: gone }, { stack: kept }] = sides as [Side, Side];
  await sam(endpoint, [
    'delete',
    '--stack-name',
    'millrace',
    '--region',
    'us-east-1',
    '--no-prompts',
  ]);

  const inventory = await aws.inventory();
  const isThere = (id: string) => inventory.some((name) => name.endsWith(`/${id}`));

  expect(isThere(gone.idOf('StreamConsumer'))).toBe(false);
  for (const id of ['StreamConsumer', 'StreamSweeper', 'AlertDispatcher'])
    expect(isThere(kept.idOf(id))).toBe(true);
  expect(await aws.invoke(kept.idOf('StreamSweeper'), {})).toHaveProperty('ticks');
});

function table(stack: DeployedStack, output: string) {
  return createDynamoStore({ client: dynamo, table: stack.outputs[output] as string, limits });
}

/** The accounting once everything is applied, or as it is when that takes too long. */
async function consumed(stack: DeployedStack, { accounting }: Reference) {
  for (const untilMs = Date.now() + CONSUMED_MS_MAX; ; await sleep(500)) {
    const found = await readAccounting(
      table(stack, 'StateTableName'),
      table(stack, 'ControlTableName'),
    );
    if (found.applied >= Number(accounting.applied) || Date.now() > untilMs) return found;
  }
}

function idOf({ metric, series, start }: Readonly<Record<string, unknown>>): string {
  return JSON.stringify([metric, series, start]);
}
