import { CreateDatabaseCommand, CreateTableCommand } from '@aws-sdk/client-timestream-write';
import {
  createTimestreamClient,
  createTimestreamSink,
} from '@millrace/adapters/aws/timestream-writer';
import type { SeriesRow } from '@millrace/adapters/time-series-sink';
import { UnavailableError } from '@millrace/core/error';
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

/** As moto holds them: without the common attributes, which the unit tests look at. */
async function stored(table: string): Promise<StoredRecord[]> {
  const answer = await fetch(`${endpoint}/moto-api/data.json`);
  const data = (await answer.json()) as {
    timestreamwrite: { TimestreamTable: { name: string; records: StoredRecord[] }[] };
  };
  const tables = data.timestreamwrite.TimestreamTable;
  return tables.find(({ name }) => name === table)?.records ?? [];
}
