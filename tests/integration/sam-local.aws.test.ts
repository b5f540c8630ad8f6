import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteTableCommand,
} from '@aws-sdk/client-timestream-write';
import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import { createKinesisClient } from '@millrace/adapters/aws/kinesis-writer';
import { createS3Client, createS3Objects } from '@millrace/adapters/aws/s3-objects';
import { createTimestreamClient } from '@millrace/adapters/aws/timestream-writer';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { decodeTick } from '@millrace/core/fold/tick';
import { parsePipelineText } from '@millrace/core/pipeline/parse';
import type { KeyValueStore, ObjectStore } from '@millrace/core/port';
import { scanAll } from '@millrace/core/results/pages';
import { readAccounting, readIncidents, readRows } from '@millrace/core/results/read';
import type { KinesisStreamEvent } from 'aws-lambda';
import { loadTransforms } from '../../functions/stream-consumer/load-transforms';
import { createStreamConsumer } from '../../functions/stream-consumer/stream-consumer';
import { TABLE_STREAM_CASES } from '../../scripts/sample-events/table-stream-cases';
import { type Properties, resourcesOf, template } from '../contract/template/document';
import { quarantineOf } from '../helper/quarantine';
import { emulatedAws } from './emulated-aws';
import { inOrder, projectedRows, storedRows } from './projected-rows';
import { type DeployedStack, describeStack, sam } from './sam-stack';
import { readStream } from './stream-content';
import { openTimestreamDoor, type TimestreamDoor } from './timestream-door';
import { functionSources, withStandIns } from './timestream-stand-in';

/**
 * Every function with every sample event of its source in Lambda's own image, beside the tables of a
 * stack in an emulated AWS, and an emulated Timestream; `npm run test:sam-local` starts them. Each event
 * meets empty tables.
 */
const STACK = 'millrace';
const INVOKE_MS_MAX = 60_000;

const endpoint = process.env.MILLRACE_ENDPOINT as string;
/** The emulator as a container reaches it: Docker's bridge, and a port there. */
const bridge = process.env.MILLRACE_BRIDGE as string;
const bridgePort = process.env.MILLRACE_BRIDGE_PORT as string;
const timestreamEndpoint = process.env.MILLRACE_MOTO_ENDPOINT as string;
const architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';
/** With everything that a parameter can leave out. */
const parameters = `Architecture=${architecture} EnableTimestream=true`;

const aws = emulatedAws(endpoint);
const folder = mkdtempSync(join(tmpdir(), 'millrace-sam-local-'));
const built = resolve('.millrace/test-sam-local/build');
const samConfig = ['--config-file', resolve('samconfig.toml')];
const envFile = join(folder, 'env.json');
const functions = resourcesOf(template(), 'AWS::Serverless::Function');
/** The folder of the sample events of each kind of source. */
const FOLDERS: Readonly<Record<string, string>> = {
  Kinesis: 'kinesis',
  ScheduleV2: 'schedule',
  DynamoDB: 'dynamodb-stream',
};
/** The events that each function met. */
const invoked = new Map<string, string[]>();
const { pipeline } = parsePipelineText(readFileSync('pipeline.json', 'utf8'));
const settings = { endpointUrl: endpoint, requestMsMax: 10_000 };
const dynamo = createDynamoClient(settings);
const kinesis = createKinesisClient(settings);
const s3 = createS3Client(settings);
const timestream = createTimestreamClient({ ...settings, endpointUrl: timestreamEndpoint });
jest.setTimeout(180_000);

let stack: DeployedStack;
let stores: Stores;
let alerts: string;
let door: TimestreamDoor;

interface Stores {
  readonly state: KeyValueStore;
  readonly results: KeyValueStore;
  readonly control: KeyValueStore;
  readonly quarantine: ObjectStore;
}

beforeAll(async () => {
  await sam(endpoint, ['build', ...samConfig, '--build-dir', built]);
  // In the same folder, which the paths of the code are relative to.
  const deployed = join(built, 'template.deployed.yaml');
  writeFileSync(deployed, withStandIns(readFileSync(join(built, 'template.yaml'), 'utf8')));
  const target = ['--template-file', deployed, '--parameter-overrides', parameters];
  await sam(endpoint, ['deploy', ...samConfig, ...target, '--no-confirm-changeset']);
  stack = await describeStack(endpoint, STACK);
  await stopWhatRunsByItself();
  stores = deployedStores();
  alerts = await queueOfAlerts();
  await timestream.send(new CreateDatabaseCommand({ DatabaseName: rowsTable().DatabaseName }));
  await timestream.send(new CreateTableCommand(rowsTable()));
  door = await openTimestreamDoor(bridge, timestreamEndpoint);
  const inContainer = `http://host.docker.internal:${bridgePort}`;
  await promisify(execFile)(process.execPath, [
    ...['cli/bin/millrace.mjs', 'env', '--stack', STACK, '--endpoint', endpoint],
    ...['--container-endpoint', inContainer, '--out', envFile],
    ...['--timestream-endpoint', `http://host.docker.internal:${door.port}`],
  ]);
});

beforeEach(async () => {
  for (const table of [stores.state, stores.results, stores.control]) {
    for await (const { pk, sk } of scanAll(table)) await table.delete({ pk, sk });
  }
  const { keys } = await stores.quarantine.list({ prefix: '' });
  for (const key of keys) await stores.quarantine.delete(key);
  await receiveAlerts();
  await timestream.send(new DeleteTableCommand(rowsTable()));
  await timestream.send(new CreateTableCommand(rowsTable()));
  door.takeRows();
});

afterAll(async () => {
  await door?.close();
  for (const client of [dynamo, kinesis, s3, timestream]) client.destroy();
  rmSync(folder, { recursive: true, force: true });
});

test('the env file of `millrace env` names the functions and what the stack made', () => {
  const file = JSON.parse(readFileSync(envFile, 'utf8'));

  expect(Object.keys(file).sort()).toEqual(functions.map(([id]) => id).sort());
  expect(file.StreamConsumer).toMatchObject({
    STATE_TABLE: stack.idOf('StateTable'),
    RESULTS_TABLE: stack.idOf('ResultsTable'),
    CONTROL_TABLE: stack.idOf('ControlTable'),
    QUARANTINE_BUCKET: stack.idOf('QuarantineBucket'),
    STREAM_NAME: stack.idOf('Stream'),
  });
  expect(file.ResultProjector).toMatchObject({
    TIMESTREAM_DATABASE: stack.idOf('TimestreamDatabase'),
    TIMESTREAM_TABLE: stack.idOf('TimestreamTable'),
  });
});

describe.each(functionsOf('Kinesis'))('%s', (id) => {
  test.each(eventsIn('kinesis'))('%s: response and tables as in process', async (path) => {
    const local = embeddedStores();
    const expected = await consumeInProcess(local, path);

    const response = await invoke(id, path);

    expect(response).toEqual(expected);
    expect(await effectOn(stores)).toEqual(await effectOn(local));
  });
});

describe.each(functionsOf('ScheduleV2'))('%s', (id) => {
  test.each(eventsIn('schedule'))('%s: ticks the series that are due', async (path) => {
    const local = embeddedStores();
    const batch = 'events/kinesis/batch.json';
    await consumeInProcess(stores, batch);
    await consumeInProcess(local, batch);
    const before = await readStream(kinesis, stack.idOf('Stream'));

    const response = await invoke(id, path);

    const after = await readStream(kinesis, stack.idOf('Stream'));
    const texts = after.slice(before.length).map(({ bytes }) => Buffer.from(bytes).toString());
    const series = texts.map((text) => decodeTick(text)?.series).sort();
    const open = (await readRows(local.results, pipeline)).map((row) => row.series);
    expect(series).toEqual([...new Set(open)].sort());
    expect(series.length).toBeGreaterThan(1);
    expect(response).toMatchObject({ ticks: series.length });
  });
});

describe('AlertDispatcher', () => {
  test.each(eventsIn('dynamodb-stream'))('%s: tells of what its notes say', async (path) => {
    const sample = TABLE_STREAM_CASES.find(({ name }) => name === nameOf(path));
    const told = sample?.transitions.filter(({ note }) => note.startsWith('told')) ?? [];

    const response = await invoke('AlertDispatcher', path);

    expect(response).toEqual({ batchItemFailures: [] });
    expect(await receiveAlerts()).toHaveLength(told.length);
    expect(door.takeRows()).toEqual([]);
  });
});

describe('ResultProjector', () => {
  test.each(eventsIn('dynamodb-stream'))('%s: projects what its notes say', async (path) => {
    const { DatabaseName: database, TableName: table } = rowsTable();
    const expected = projectedRows(nameOf(path), { database, table });

    const response = await invoke('ResultProjector', path);

    const sent = door.takeRows();
    expect(response).toEqual({ batchItemFailures: [] });
    expect(inOrder(sent)).toEqual(inOrder(expected).map((row) => expect.objectContaining(row)));
    expect(await storedRows(timestreamEndpoint, table)).toEqual(
      sent.map(({ timeMs, version, measures }) => ({ timeMs, version, measures })),
    );
    expect(await receiveAlerts()).toEqual([]);
    expect(await refusedRows()).toEqual([]);
  });
});

// Last: it looks back at the others.
test('every function of the built template met every event of its source, and every event a function', () => {
  const sources = functionSources(readFileSync(join(built, 'template.yaml'), 'utf8'));
  const expected = Object.entries(sources).map(([id, type]) => [
    id,
    eventsIn(FOLDERS[type] as string),
  ]);

  expect(Object.fromEntries(invoked)).toEqual(Object.fromEntries(expected));
  for (const [, events] of expected) expect(events).not.toEqual([]);
  const folders = readdirSync('events').filter((name) => name !== 'recordings');
  expect(folders.sort()).toEqual(
    [...new Set(Object.values(sources).map((t) => FOLDERS[t]))].sort(),
  );
});

async function invoke(id: string, path: string): Promise<unknown> {
  const stdout = await sam(endpoint, [
    ...['local', 'invoke', id, '--event', resolve(path), '--env-vars', envFile],
    ...['--template-file', join(built, 'template.yaml'), '--parameter-overrides', parameters],
    ...['--add-host', `host.docker.internal:${bridge}`, '--skip-pull-image'],
  ]);
  invoked.set(id, [...(invoked.get(id) ?? []), path]);
  // Logs are on stderr, the answer is the last line.
  const line = stdout.trim().split('\n').at(-1) ?? '';
  return JSON.parse(line);
}

function sourceType(properties: Properties): string {
  return Object.values<Properties>(properties.Events)[0]?.Type;
}

function functionsOf(type: string): string[] {
  return functions.filter(([, f]) => sourceType(f.Properties) === type).map(([id]) => id);
}

function eventsIn(source: string): string[] {
  return readdirSync(`events/${source}`)
    .filter((name) => !name.endsWith('.decoded.json'))
    .sort()
    .map((name) => `events/${source}/${name}`);
}

function nameOf(path: string): string {
  return path.replace(/^.*\/|\.json$/g, '');
}

function rowsTable() {
  const { TimestreamDatabaseName, TimestreamTableName } = stack.outputs;
  return {
    DatabaseName: TimestreamDatabaseName as string,
    TableName: TimestreamTableName as string,
  };
}

/** What the projector noted in the Control table. */
async function refusedRows(): Promise<unknown[]> {
  const refused: unknown[] = [];
  for await (const item of scanAll(stores.control)) {
    if (item.pk.startsWith('P#')) refused.push(item);
  }
  return refused;
}

function deployedStores(): Stores {
  const table = (logicalId: string, indexes = {}) =>
    createDynamoStore({ client: dynamo, table: stack.idOf(logicalId), indexes });
  return {
    state: table('StateTable', { due: { partitionKey: 'dueBucket', sortKey: 'due' } }),
    results: table('ResultsTable'),
    control: table('ControlTable'),
    quarantine: createS3Objects({ client: s3, bucket: stack.idOf('QuarantineBucket') }),
  };
}

function embeddedStores(): Stores {
  const map = createMemoryMap();
  const table = (name: string, indexes = {}) => createKeyValueStore({ map, table: name, indexes });
  return {
    state: table('state', { due: { partitionKey: 'dueBucket', sortKey: 'due' } }),
    results: table('results'),
    control: table('control'),
    quarantine: createObjectMemory(),
  };
}

async function consumeInProcess(into: Stores, path: string): Promise<unknown> {
  const consumer = createStreamConsumer({
    ...into,
    pipeline,
    transforms: await loadTransforms(pipeline),
    log: { info() {}, warn() {}, error() {} },
    stateTtlMs: 7 * 86_400_000,
    retentionMs: 86_400_000,
  });
  const event: KinesisStreamEvent = JSON.parse(readFileSync(path, 'utf8'));
  return consumer(event, { getRemainingTimeInMillis: () => INVOKE_MS_MAX });
}

/** Everything a reader could see of it. */
async function effectOn({ state, results, control, quarantine }: Stores) {
  const states: unknown[] = [];
  for await (const item of scanAll(state)) states.push(item);
  return {
    states: states.map((item) => JSON.stringify(item)).sort(),
    rows: await readRows(results, pipeline),
    incidents: await readIncidents(results, pipeline),
    accounting: await readAccounting(state, control),
    refused: await quarantineOf({ control, quarantine }),
  };
}

/** The emulator's own mappings and schedule would work on the same tables. */
async function stopWhatRunsByItself(): Promise<void> {
  const remove = (service: string, path: string) => aws.get(service, path, 'DELETE');
  const { EventSourceMappings } = (await aws.get(
    'lambda',
    '/2015-03-31/event-source-mappings/',
  )) as { EventSourceMappings: { UUID: string }[] };
  for (const { UUID } of EventSourceMappings) {
    await remove('lambda', `/2015-03-31/event-source-mappings/${UUID}`);
  }
  const { Schedules } = (await aws.get('scheduler', '/schedules')) as {
    Schedules: { Name: string }[];
  };
  for (const { Name } of Schedules) await remove('scheduler', `/schedules/${Name}`);
}

/** A subscriber of the alert topic. */
async function queueOfAlerts(): Promise<string> {
  const queue = { QueueName: 'alerts-of-the-test' };
  const { QueueUrl } = (await aws.json('sqs', 'AmazonSQS.CreateQueue', queue)) as {
    QueueUrl: string;
  };
  const arn = `arn:aws:sqs:us-east-1:000000000000:${queue.QueueName}`;
  await aws.query('sns', {
    ...{ Action: 'Subscribe', Version: '2010-03-31', Protocol: 'sqs' },
    ...{ TopicArn: stack.outputs.AlertTopicArn as string, Endpoint: arn },
  });
  return QueueUrl;
}

async function receiveAlerts(): Promise<unknown[]> {
  const received: unknown[] = [];
  for (;;) {
    const request = { QueueUrl: alerts, MaxNumberOfMessages: 10 };
    const answer = await aws.json('sqs', 'AmazonSQS.ReceiveMessage', request);
    const { Messages = [] } = answer as { Messages?: { ReceiptHandle: string }[] };
    if (Messages.length === 0) return received;
    received.push(...Messages);
    for (const { ReceiptHandle } of Messages) {
      await aws.json('sqs', 'AmazonSQS.DeleteMessage', { QueueUrl: alerts, ReceiptHandle });
    }
  }
}
