import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CreateDatabaseCommand, CreateTableCommand } from '@aws-sdk/client-timestream-write';
import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import {
  createTimestreamClient,
  createTimestreamSink,
} from '@millrace/adapters/aws/timestream-writer';
import type { SeriesRow } from '@millrace/adapters/time-series-sink';
import { UnavailableError } from '@millrace/core/error';
import { fingerprintOf } from '@millrace/core/fold/definition';
import { definitionKey, rowKey } from '@millrace/core/fold/key';
import { run } from '../../cli/src/main';
import { oneMetric } from '../helper/metric';
import { captureOutput } from '../unit/cli/capture-output';
import { uniqueName } from './endpoint';

const endpoint = process.env.MILLRACE_MOTO_ENDPOINT;
if (endpoint === undefined) {
  throw new Error('MILLRACE_MOTO_ENDPOINT is not set: run this file with `npm run test:contract`');
}
process.env.AWS_REGION ??= 'us-east-1';
process.env.AWS_ACCESS_KEY_ID ??= 'local';
process.env.AWS_SECRET_ACCESS_KEY ??= 'local';
jest.setTimeout(60_000);

// With an endpoint of its own the client does not ask for one, and nothing leaves this machine.
const client = createTimestreamClient({ endpointUrl: endpoint, requestMsMax: 10_000 });
const database = uniqueName('db');
const limits = { attemptsMax: 2, attemptMsMax: 10_000, totalMsMax: 20_000 };

beforeAll(() => client.send(new CreateDatabaseCommand({ DatabaseName: database })));
afterAll(() => client.destroy());

interface StoredRecord {
  readonly Dimensions: readonly { Name: string; Value: string }[];
  readonly MeasureValues: readonly { Name: string; Type: string; Value: string }[];
  readonly Time: string;
  readonly Version: number;
}

async function makeTable(): Promise<string> {
  const table = uniqueName('rows');
  await client.send(new CreateTableCommand({ DatabaseName: database, TableName: table }));
  return table;
}

const row = (n: number, changes: Partial<SeriesRow> = {}): SeriesRow => ({
  dimensions: { metric: 'host.cpu', series: `host-${n}`, part: 'p' },
  name: 'host.cpu',
  timeMs: 1_763_943_600_000 + n * 60_000,
  version: 1,
  measures: [
    { name: 'mean', kind: 'number', value: n + 0.25 },
    { name: 'rev', kind: 'integer', value: 1 },
    { name: 'window_end', kind: 'time', value: 1_763_943_660_000 },
    { name: 'anomaly', kind: 'flag', value: false },
    { name: 'incident', kind: 'text', value: 'é "x"' },
  ],
  ...changes,
});

test('every row arrives with what is its own, its time, its version and typed measures', async () => {
  const table = await makeTable();
  const sink = createTimestreamSink({ client, database, table, limits });

  const outcomes = await sink.write([row(0), row(1)]);

  expect(outcomes).toEqual([{ kind: 'done' }, { kind: 'done' }]);
  const [first, second] = await stored(table);
  expect(await stored(table)).toHaveLength(2);
  expect(first).toMatchObject({ Time: '1763943600000', Version: 1 });
  expect(second?.Dimensions).toEqual([{ Name: 'series', Value: 'host-1' }]);
  expect(second?.MeasureValues).toEqual([
    { Name: 'mean', Type: 'DOUBLE', Value: '1.25' },
    { Name: 'rev', Type: 'BIGINT', Value: '1' },
    { Name: 'window_end', Type: 'TIMESTAMP', Value: '1763943660000' },
    { Name: 'anomaly', Type: 'BOOLEAN', Value: 'false' },
    { Name: 'incident', Type: 'VARCHAR', Value: 'é "x"' },
  ]);
});

test('more rows than a request takes all arrive', async () => {
  const table = await makeTable();
  const rows = Array.from({ length: 250 }, (_, n) => row(n));

  await createTimestreamSink({ client, database, table, limits }).write(rows);

  const names = (await stored(table)).map(({ Dimensions }) => Dimensions[0]?.Value);
  expect(new Set(names).size).toBe(250);
});

test('of several revisions the newest arrives', async () => {
  const table = await makeTable();
  const revisions = [1, 3, 2].map((version) => row(7, { version }));

  await createTimestreamSink({ client, database, table, limits }).write(revisions);

  expect((await stored(table)).map(({ Version }) => Version)).toEqual([3]);
});

test('a table that is not there is no fault of the rows', async () => {
  const sink = createTimestreamSink({ client, database, table: 'missing', limits });

  await expect(sink.write([row(0)])).rejects.toThrow(UnavailableError);
});

const tables = process.env.MILLRACE_ENDPOINT;

// The tables are MiniStack's, which has no Timestream; moto's tables would do, but are not those of a stack.
(tables === undefined ? test.skip : test)(
  'millrace reproject sends the rows of a range of a deployed stack, and sends them again',
  async () => {
    const table = await makeTable();
    const stack = uniqueName('millrace');
    const outputs = await deploy(stack, table);
    await fillTables(outputs);
    const reproject = async (...args: string[]) => {
      const output = captureOutput();
      const at = ['--endpoint', `${tables}`, '--timestream-endpoint', `${endpoint}`, '--json'];
      const range = ['--from', '2026-11-21T12:10Z', '--to', '2026-11-21T15:00Z'];
      const all = ['reproject', '--stack', stack, ...at, ...range, ...args];
      const code = await run(all).finally(output.restore);
      return { code, ...JSON.parse(output.printed.stdout || '{}'), errors: output.errorLines() };
    };

    expect(await reproject('--dry-run')).toMatchObject({ code: 0, rows: 170, written: 170 });
    expect(await stored(table)).toEqual([]);
    const sent = { code: 0, errors: [], items: 180, rows: 170, written: 170, refused: 0 };
    expect(await reproject()).toMatchObject(sent);
    const rows = await stored(table);
    const times = rows.map(({ Time }) => Number(Time)).sort((a, b) => a - b);
    expect(times).toEqual(Array.from({ length: 170 }, (_, n) => START_MS + (n + 10) * 60_000));
    expect(await reproject()).toMatchObject(sent);
    // moto keeps both copies where Timestream would keep one: the same version and the same values.
    const again = (await stored(table)).slice(rows.length);
    expect(again).toEqual(rows);
  },
);

const START_MS = Date.UTC(2026, 10, 21, 12);

async function deploy(stack: string, table: string): Promise<Record<string, string>> {
  const keys = ['pk', 'sk'];
  const Table = {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    },
  };
  const TemplateBody = JSON.stringify({
    Resources: { ResultsTable: Table, ControlTable: Table },
    Outputs: {
      ResultsTableName: { Value: { Ref: 'ResultsTable' } },
      ControlTableName: { Value: { Ref: 'ControlTable' } },
      TimestreamDatabaseName: { Value: database },
      TimestreamTableName: { Value: table },
    },
  });
  const formation = new CloudFormationClient({ endpoint: `${tables}` });
  await formation.send(new CreateStackCommand({ StackName: stack, TemplateBody }));
  for (;;) {
    const { Stacks } = await formation.send(new DescribeStacksCommand({ StackName: stack }));
    const [{ StackStatus, Outputs = [] } = {}] = Stacks ?? [];
    if (StackStatus === 'CREATE_COMPLETE') {
      formation.destroy();
      return Object.fromEntries(
        Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
      );
    }
    if (StackStatus !== 'CREATE_IN_PROGRESS') throw new Error(String(StackStatus));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Three hours of one series, and the definition that its rows name. */
async function fillTables(outputs: Record<string, string>): Promise<void> {
  const dynamo = createDynamoClient({ endpointUrl: `${tables}` });
  const open = (name: string) => createDynamoStore({ client: dynamo, table: `${outputs[name]}` });
  const [results, control] = [open('ResultsTableName'), open('ControlTableName')];
  const metric = oneMetric({ aggregates: ['count'] });
  const def = fingerprintOf(metric);
  await control.put({ ...definitionKey(metric.name, def), body: JSON.stringify(metric) });
  const key = { metric: metric.name, series: 'a', partitionKey: 'p' };
  for (let minute = 0; minute < 180; minute++) {
    const startMs = START_MS + minute * 60_000;
    const row = { def, epoch: 0, startMs, endMs: startMs + 60_000, rev: 1, late: 0 };
    const verdict = { score: null, anomaly: false, expected: null, incident: null };
    const body = JSON.stringify({ ...row, ...verdict, aggregate: [1, minute + 1] });
    await results.put({ ...rowKey(key, startMs), body });
  }
  dynamo.destroy();
}

/** As moto holds them: without the common attributes, which the unit tests look at. */
async function stored(table: string): Promise<StoredRecord[]> {
  const answer = await fetch(`${endpoint}/moto-api/data.json`);
  const data = (await answer.json()) as {
    timestreamwrite: { TimestreamTable: { name: string; records: StoredRecord[] }[] };
  };
  const tables = data.timestreamwrite.TimestreamTable;
  return tables.find(({ name }) => name === table)?.records ?? [];
}
