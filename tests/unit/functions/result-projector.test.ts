import { readFileSync } from 'node:fs';
import { createBreaker } from '@millrace/adapters/breaker/breaker';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import type { RowOutcome, SeriesRow } from '@millrace/adapters/time-series-sink';
import { UnavailableError } from '@millrace/core/error';
import { defineMetric, fingerprintOf } from '@millrace/core/fold/definition';
import { definitionKey } from '@millrace/core/fold/key';
import { parsePipeline, parsePipelineText } from '@millrace/core/pipeline/parse';
import type { Metric } from '@millrace/core/pipeline/pipeline';
import { scanAll } from '@millrace/core/results/pages';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { createResultProjector } from '../../../functions/result-projector/result-projector';
import { seriesRowOf, versionOf } from '../../../functions/result-projector/series-row';

const { pipeline } = parsePipelineText(readFileSync('pipeline.json', 'utf8'));
const eventOf = (name: string): DynamoDBStreamEvent =>
  JSON.parse(readFileSync(`events/dynamodb-stream/${name}.json`, 'utf8'));
const sequencesOf = ({ Records }: DynamoDBStreamEvent) =>
  Records.map(({ dynamodb }) => dynamodb?.SequenceNumber as string);

type Answer = (row: SeriesRow, call: number) => RowOutcome;
const taken: Answer = () => ({ kind: 'done' });

async function project(
  event: DynamoDBStreamEvent,
  { answer = taken, metrics = pipeline.metrics, remainingMs = 60_000, stored = false } = {},
) {
  const written: SeriesRow[] = [];
  const logged: string[] = [];
  const control = createKeyValueStore({ map: createMemoryMap(), table: 'control' });
  for (const metric of stored ? pipeline.metrics : []) {
    const key = definitionKey(metric.name, fingerprintOf(metric));
    await control.put({ ...key, body: JSON.stringify(metric) });
  }
  let calls = 0;
  const sink = {
    async write(rows: readonly SeriesRow[]) {
      calls += 1;
      const outcomes = rows.map((row) => answer(row, calls));
      written.push(...rows);
      return outcomes;
    },
  };
  const log = {
    info: () => {},
    warn: (t: string) => logged.push(t),
    error: (t: string) => logged.push(t),
  };
  const clock = { nowMs: () => 7, sleep: async () => {} };
  const breaker = createBreaker({
    ...{ sink: 'timestream', control, clock, owner: 'one', random: () => 0 },
  });
  const projector = createResultProjector({
    ...{ pipeline: { ...pipeline, metrics }, sink, breaker, control, clock, log },
  });
  const response = await projector(event, { getRemainingTimeInMillis: () => remainingMs });
  const noted = [];
  for await (const item of scanAll(control)) if (item.pk.startsWith('P#')) noted.push(item);
  return { response, written, logged, noted, calls };
}

const none = { batchItemFailures: [] };

test('a row becomes dimensions, a version and typed measures', async () => {
  const { response, written } = await project(eventOf('rows-single'));

  expect(response).toEqual(none);
  expect(written).toMatchObject([
    {
      dimensions: { metric: 'host.cpu', series: 'web-1', part: 'web-1' },
      name: 'host.cpu',
      timeMs: Date.UTC(2026, 10, 21, 12),
      version: 1,
    },
  ]);
  const measures = Object.fromEntries((written[0]?.measures ?? []).map((m) => [m.name, m]));
  expect(measures.mean).toEqual({ name: 'mean', kind: 'number', value: 13 });
  expect(measures.rev).toEqual({ name: 'rev', kind: 'integer', value: 1 });
  expect(measures.anomaly).toEqual({ name: 'anomaly', kind: 'flag', value: false });
});

test('every row of a batch goes to the sink, with its own version', async () => {
  const { written } = await project(eventOf('rows-batch'));

  expect(written.map(({ version }) => version)).toEqual([1, 1, 2, 1]);
});

test.each([
  ['rows-removed', 0, 0],
  ['rows-poison', 1, 1],
  ['batch', 0, 0],
  ['empty', 0, 0],
])('%s: %s rows are written, %s lines are logged', async (name, rows, lines) => {
  const { response, written, logged } = await project(eventOf(name));

  expect(response).toEqual(none);
  expect([written.length, logged.length]).toEqual([rows, lines]);
});

test('an epoch outweighs every revision before it', () => {
  expect(versionOf({ rev: 3 })).toBe(3);
  expect(versionOf({ epoch: 0, rev: 2 ** 20 - 1 })).toBeLessThan(versionOf({ epoch: 1, rev: 1 }));
});

test('a refused row is noted and holds up nothing', async () => {
  const answer: Answer = ({ dimensions }) =>
    dimensions.series === 'web-2' ? { kind: 'refused', reason: 'too old' } : { kind: 'done' };
  const { response, noted } = await project(eventOf('rows-batch'), { answer });

  expect(response).toEqual(none);
  expect(noted).toMatchObject([
    { pk: 'P#timestream#R#host.cpu#web-2', reason: 'too old', version: 1, atMs: 7 },
  ]);
});

describe('a sink that is away', () => {
  const away =
    (from: number): Answer =>
    (_row, call) => {
      if (call >= from) throw new UnavailableError('WriteRecords: scripted');
      return { kind: 'done' };
    };

  test('hands back from the first row on', async () => {
    const event = eventOf('rows-batch');
    const { response } = await project(event, { answer: away(1) });

    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: sequencesOf(event)[0] }] });
  });

  test('after 100 rows hands back from the 101st on', async () => {
    const [record] = eventOf('rows-single').Records;
    const Records = Array.from({ length: 250 }, (_, n) => ({
      ...record,
      dynamodb: { ...record?.dynamodb, SequenceNumber: String(1000 + n) },
    })) as DynamoDBStreamEvent['Records'];
    const { response, written } = await project({ Records }, { answer: away(2) });

    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: '1100' }] });
    expect(written).toHaveLength(100);
  });
});

test('short of time it hands back before it writes', async () => {
  const event = eventOf('rows-single');
  const { response, calls } = await project(event, { remainingMs: 10_000 });

  expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: sequencesOf(event)[0] }] });
  expect(calls).toBe(0);
});

describe('a row of a definition the pipeline no longer has', () => {
  test('is read with the definition that Control holds', async () => {
    const { written } = await project(eventOf('rows-single'), { metrics: [], stored: true });

    expect(written).toHaveLength(1);
  });

  test('is noted when nobody knows it', async () => {
    const { response, noted, written } = await project(eventOf('rows-single'), { metrics: [] });

    expect(response).toEqual(none);
    expect(written).toEqual([]);
    expect(noted[0]?.reason).toMatch(/^no definition \w+ of the metric is known$/);
  });
});

test('a long integer becomes text: no number of Timestream holds its digits', () => {
  const json = {
    window: { type: 'tumbling', size: '1m' },
    aggregates: ['count', { op: 'last', path: 'id' }, { op: 'top', path: 'id' }],
  };
  const [metric] = parsePipeline({ version: 1, metrics: { m: json } }).pipeline.metrics as [Metric];
  const { plan } = defineMetric(metric, 1);
  const window = plan.create();
  plan.add(window, [1, 9007199254740993n], 0);
  const aggregate = plan.encode(window);
  const verdict = { score: null, anomaly: false, expected: null, incident: null };
  const row = {
    def: '',
    dn: 1,
    epoch: 0,
    startMs: 0,
    endMs: 60_000,
    rev: 1,
    late: 0,
    aggregate,
    ...verdict,
  };

  const { measures } = seriesRowOf(
    { pk: '', sk: '', metric: 'm', series: '*', part: 'k', row },
    metric,
  );

  expect(measures).toEqual(
    expect.arrayContaining([
      { name: 'last_text', kind: 'text', value: '9007199254740993' },
      { name: 'top_list', kind: 'text', value: '[{"value":9007199254740993,"count":1,"error":0}]' },
    ]),
  );
});
