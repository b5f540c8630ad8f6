import {
  createTimestreamClient,
  createTimestreamSink,
} from '@millrace/adapters/aws/timestream-writer';
import type { SeriesRow } from '@millrace/adapters/time-series-sink';
import { UnavailableError } from '@millrace/core/error';
import { SOME_CREDENTIALS, useAwsEnvironment } from './aws-environment';
import { type EndpointRequest, type Reply, refusal, startEndpoint } from './scripted-endpoint';

useAwsEnvironment(SOME_CREDENTIALS);

interface WireRequest {
  readonly Records: { Dimensions: { Name: string; Value: string }[]; Version: number }[];
  readonly CommonAttributes: { Dimensions: { Name: string }[]; MeasureName?: string };
}

const wire = ({ body }: EndpointRequest) => body as WireRequest;
const TAKEN: Reply = { status: 200, body: { RecordsIngested: { Total: 1 } } };
const done = { kind: 'done' };
const refused = (reason: string) => ({ kind: 'refused', reason });

const row = (n: number, version = 5, metric = 'm'): SeriesRow => ({
  dimensions: { metric, series: `s-${n}`, part: 'p' },
  name: metric,
  timeMs: 1000,
  version,
  measures: [{ name: 'mean', kind: 'number', value: n }],
});

function rejected(...records: readonly object[]): Reply {
  const __type = 'com.amazonaws.timestream#RejectedRecordsException';
  return { status: 419, body: { __type, Message: 'some', RejectedRecords: records } };
}

async function writeTo(
  answer: (request: EndpointRequest, nth: number) => Reply,
  rows: readonly SeriesRow[],
) {
  const endpoint = await startEndpoint(answer);
  const client = createTimestreamClient({ endpointUrl: endpoint.url });
  const time = { nowMs: () => performance.now(), sleep: async () => {}, random: Math.random };
  const limits = { attemptsMax: 3, attemptMsMax: 2000, totalMsMax: 10_000, time };
  try {
    const sink = createTimestreamSink({ client, database: 'd', table: 't', limits });
    return { outcomes: await sink.write(rows), requests: endpoint.requests };
  } finally {
    client.destroy();
    await endpoint.close();
  }
}

test('one request of 100 records, and what they share stands once', async () => {
  const rows = Array.from({ length: 101 }, (_, n) => row(n));
  const { requests, outcomes } = await writeTo(() => TAKEN, rows);
  const [first] = requests.map(wire);

  expect(requests.map(({ operation }) => operation)).toEqual(['WriteRecords', 'WriteRecords']);
  expect(requests.map((request) => wire(request).Records.length)).toEqual([100, 1]);
  expect(first?.CommonAttributes.Dimensions.map(({ Name }) => Name)).toEqual(['metric', 'part']);
  expect(first?.Records[0]?.Dimensions.map(({ Name }) => Name)).toEqual(['series']);
  expect(outcomes).toEqual(rows.map(() => done));
});

test('rows of several metrics share neither metric nor measure name', async () => {
  const { requests } = await writeTo(() => TAKEN, [row(0, 1, 'a'), row(0, 1, 'b')]);
  const [request] = requests.map(wire);

  expect(request?.CommonAttributes).not.toHaveProperty('MeasureName');
  expect(request?.Records).toMatchObject([{ MeasureName: 'a' }, { MeasureName: 'b' }]);
});

test('of one row the highest version is sent, and answers for the others', async () => {
  const rows = [row(1, 2), row(1, 9), row(2, 1), row(1, 3)];
  const { requests, outcomes } = await writeTo(
    () => rejected({ RecordIndex: 0, Reason: 'too old' }),
    rows,
  );

  expect(requests.map((request) => wire(request).Records.map(({ Version }) => Version))).toEqual([
    [9, 1],
  ]);
  const old = refused('too old');
  expect(outcomes).toEqual([old, old, done, old]);
});

describe('a rejected record of version 5', () => {
  const retention = 'The record timestamp is outside the time range of the data ingestion window.';
  const limits = 'The dimension value exceeds the limit.';
  test.each<[string, object, object]>([
    ['the same version is there', { Reason: 'version', ExistingVersion: 5 }, done],
    ['a newer version is there', { Reason: 'version', ExistingVersion: 1 << 20 }, done],
    ['an older one is there', { Reason: 'odd', ExistingVersion: 4 }, refused('odd')],
    ['retention', { Reason: retention }, refused(retention)],
    ['limits', { Reason: limits }, refused(limits)],
    ['no reason', {}, refused('no reason given')],
  ])('%s', async (_, record, expected) => {
    const rows = [row(0), row(1), row(2)];
    const { outcomes, requests } = await writeTo(
      () => rejected({ RecordIndex: 1, ...record }),
      rows,
    );

    expect(outcomes).toEqual([done, expected, done]);
    expect(requests).toHaveLength(1);
  });
});

test('a row that makes the whole request invalid is found by halves, and the others are stored', async () => {
  const isBad = ({ Dimensions }: WireRequest['Records'][number]) =>
    Dimensions.some(({ Value }) => Value === 's-3');
  const answer = (request: EndpointRequest) => {
    const { Records, CommonAttributes } = wire(request);
    const common = CommonAttributes.Dimensions as { Name: string; Value: string }[];
    const bad = Records.some(
      (record) => isBad(record) || common.some(({ Value }) => Value === 's-3'),
    );
    return bad ? refusal(400, 'ValidationException') : TAKEN;
  };
  const { outcomes } = await writeTo(
    answer,
    [0, 1, 2, 3, 4, 5].map((n) => row(n)),
  );

  expect(outcomes.map(({ kind }) => kind)).toEqual([
    'done',
    'done',
    'done',
    'refused',
    'done',
    'done',
  ]);
});

test.each<[string, Reply]>([
  ['throttling', refusal(429, 'ThrottlingException')],
  ['a failure of the service', refusal(500, 'InternalServerException')],
  ['another cell', refusal(421, 'InvalidEndpointException')],
  ['a lost connection', 'reset'],
])('after %s the request is sent again', async (_, reply) => {
  const { outcomes, requests } = await writeTo(
    (_request, nth) => (nth === 1 ? reply : TAKEN),
    [row(0)],
  );

  expect(outcomes).toEqual([done]);
  expect(requests).toHaveLength(2);
});

test.each<[string, Reply]>([
  ['it keeps throttling', refusal(429, 'ThrottlingException')],
  ['there is no such table', refusal(404, 'ResourceNotFoundException')],
  ['the role may not write', refusal(403, 'AccessDeniedException')],
])('nothing is known of the rows when %s', async (_, reply) => {
  await expect(writeTo(() => reply, [row(0)])).rejects.toThrow(UnavailableError);
});
