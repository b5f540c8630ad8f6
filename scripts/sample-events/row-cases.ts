import { readFileSync } from 'node:fs';
import { planAggregates } from '@millrace/core/aggregate/plan';
import { fingerprintOf } from '@millrace/core/fold/definition';
import { rowKey } from '@millrace/core/fold/key';
import type { RowOutput } from '@millrace/core/fold/state';
import { parsePipelineText } from '@millrace/core/pipeline/parse';
import { jsonFile, type SampleFile } from './sample';
import { recordOf, sequenceOf } from './table-stream-cases';

/** Of the first window. */
export const ROWS_START_MS = Date.UTC(2026, 10, 21, 12);
export const ROWS_METRIC = 'host.cpu';

interface RowSample {
  readonly note: string;
  readonly series: string;
  /** Windows from the first one. */
  readonly window: number;
  readonly rev: number;
  readonly values: readonly number[];
  /** In place of the row. */
  readonly body?: string;
  /** The time to live took the item. */
  readonly removed?: boolean;
}

interface RowCase {
  readonly name: string;
  readonly shows: string;
  readonly rows: readonly RowSample[];
}

const row: RowSample = { note: 'projected', series: 'web-1', window: 0, rev: 1, values: [12, 14] };

/** Rows of `host.cpu` for the projector; the dispatcher does not look at them. */
export const ROW_CASES: readonly RowCase[] = [
  { name: 'rows-single', shows: 'One row is published.', rows: [row] },
  {
    name: 'rows-batch',
    shows: 'Rows of two series, one of them revised: its newest revision is projected.',
    rows: [
      { ...row, note: 'superseded by rev 2' },
      { ...row, series: 'web-2', values: [55] },
      { ...row, rev: 2, values: [12, 14, 40] },
      { ...row, window: 1, values: [13] },
    ],
  },
  {
    name: 'rows-poison',
    shows: 'A row that cannot be read is logged, and holds up nothing.',
    rows: [
      { ...row, note: 'skipped: unreadable', body: '{"rev":' },
      { ...row, window: 1 },
    ],
  },
  {
    name: 'rows-removed',
    shows: 'What the time to live removes stays in the projection.',
    rows: [{ ...row, note: 'skipped: removed', removed: true }],
  },
];

/** The event as Lambda delivers it, and its twin for people. */
export function rowFiles({ name, shows, rows }: RowCase): readonly SampleFile[] {
  const folder = `events/dynamodb-stream/${name}`;
  const items = rows.map((each) => ({ each, ...itemOf(each) }));
  return [
    jsonFile(`${folder}.json`, {
      Records: items.map(({ each, item }, index) => {
        const record = recordOf(item, index);
        if (each.removed !== true) return record;
        const { NewImage: _gone, ...change } = record.dynamodb ?? {};
        return { ...record, eventName: 'REMOVE', dynamodb: change };
      }),
    }),
    jsonFile(`${folder}.decoded.json`, {
      shows,
      records: items.map(({ each, item, output }, index) => ({
        note: each.note,
        sequenceNumber: sequenceOf(index),
        pk: item.pk,
        sk: item.sk,
        ...(each.removed !== true && { body: each.body ?? output }),
      })),
    }),
  ];
}

function itemOf({ series, window, rev, values, body }: RowSample) {
  const { pipeline } = parsePipelineText(readFileSync('pipeline.json', 'utf8'));
  const metric = pipeline.metrics.find(({ name }) => name === ROWS_METRIC);
  if (metric === undefined) throw new Error(`pipeline.json has no metric ${ROWS_METRIC}`);
  const plan = planAggregates(metric.aggregates);
  const aggregate = plan.create();
  const startMs = ROWS_START_MS + window * metric.window.sizeMs;
  values.forEach((value, at) => {
    const inputs = metric.aggregates.map(() => value);
    plan.add(aggregate, inputs, startMs + at * 1000);
  });
  const output: RowOutput = {
    def: fingerprintOf(metric),
    epoch: 0,
    ...{ startMs, endMs: startMs + metric.window.sizeMs, rev, late: rev - 1 },
    aggregate: plan.encode(aggregate),
    ...{ score: 0.1, anomaly: false, expected: null, incident: null },
  };
  const key = { metric: ROWS_METRIC, partitionKey: series, series };
  const item = { ...rowKey(key, startMs), body: body ?? JSON.stringify(output) };
  return { item, output };
}
