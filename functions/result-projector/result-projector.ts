import { REQUEST_RECORDS_MAX } from '@millrace/adapters/aws/timestream-writer';
import { type Breaker, waitWhileOpen } from '@millrace/adapters/breaker/breaker';
import { seriesHashOfRecord } from '@millrace/adapters/result-record';
import type { SeriesRow, TimeSeriesSink } from '@millrace/adapters/time-series-sink';
import { withoutValues } from '@millrace/adapters/without-values';
import { answerTo, DeadlineError } from '@millrace/core/error';
import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import type { Clock, KeyValueStore, Log } from '@millrace/core/port';
import { seriesHashOfResult } from '@millrace/core/stored/series-hash';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { createDefinitionReader } from './definition-reader';
import { type RowItem, readRowItem } from './row-item';
import { seriesRowOf, versionOf } from './series-row';

export interface ResultProjectorPorts {
  readonly pipeline: Pipeline;
  readonly sink: TimeSeriesSink;
  /** Of the sink, shared by all containers. */
  readonly breaker: Breaker;
  /** Definitions of metrics that the pipeline no longer has, and the rows that were refused. */
  readonly control: KeyValueStore;
  readonly clock: Clock;
  readonly log: Log;
}

export type ResultProjector = (
  event: DynamoDBStreamEvent,
  context: { getRemainingTimeInMillis(): number },
) => Promise<DynamoDBBatchResponse>;

/** Nothing begins this long before the time-out: one whole try of the sink, and `REST_MS`. */
const MARGIN_MS = 10_000;
/** The sink is given up this long before the time-out: what was learnt is still to be noted. */
export const REST_MS = 4_000;

interface Projected {
  readonly item: RowItem;
  readonly row: SeriesRow;
}

/**
 * Copies rows of the Results table into a time series. Repetitions and old revisions change nothing
 * there, so everything from the first failure on simply comes again; the table is what counts, and a
 * row that the series refuses for ever stays in the table and is noted in Control.
 */
export function createResultProjector(ports: ResultProjectorPorts): ResultProjector {
  const { pipeline, sink, breaker, control, clock, log } = ports;
  const { metrics } = pipeline;
  const definitionOf = createDefinitionReader({ control, metrics, missing: 'ask again' });

  async function noteRefused({ pk, sk, row }: RowItem, reason: string): Promise<void> {
    const version = versionOf(row);
    await control.put(
      { pk: `P#timestream#${pk}`, sk, reason, version, atMs: clock.nowMs() },
      { kind: 'absentOrAtMost', attribute: 'version', value: version },
    );
    log.warn('Timestream refuses a row; it stays in the Results table.', {
      ...{ seriesHash: seriesHashOfResult({ pk, sk }), reason: withoutValues(reason) },
    });
  }

  async function rowOf(record: DynamoDBRecord): Promise<Projected | null> {
    const item = readRowItem(record);
    if (item === 'other') return null;
    if (item === 'broken') {
      log.error('A row cannot be read and is not projected.', {
        seriesHash: seriesHashOfRecord(record),
      });
      return null;
    }
    const definition = await definitionOf(item);
    if (definition !== null) return { item, row: seriesRowOf(item, definition) };
    await noteRefused(item, `no definition ${item.row.def} of the metric is known`);
    return null;
  }

  async function project(records: readonly DynamoDBRecord[], leftMs: number): Promise<number> {
    await breaker.check();
    const rows: Projected[] = [];
    for (const record of records) {
      const projected = await rowOf(record);
      if (projected !== null) rows.push(projected);
    }
    if (rows.length === 0) return 0;
    const outcomes = await breaker.call(() => sink.write(rows.map(({ row }) => row)), leftMs);
    for (const [at, outcome] of outcomes.entries()) {
      const { item } = rows[at] as Projected;
      if (outcome.kind === 'refused') await noteRefused(item, outcome.reason);
    }
    return rows.length;
  }

  return async ({ Records }, context) => {
    let rows = 0;
    for (let at = 0; at < Records.length; at += REQUEST_RECORDS_MAX) {
      try {
        const leftMs = context.getRemainingTimeInMillis();
        if (leftMs <= MARGIN_MS) throw new DeadlineError('the invocation is about to time out');
        rows += await project(Records.slice(at, at + REQUEST_RECORDS_MAX), leftMs);
      } catch (error) {
        const itemIdentifier = Records[at]?.dynamodb?.SequenceNumber ?? '';
        const reason = error instanceof Error ? error.message : String(error);
        const fields = { sequenceNumber: itemIdentifier, reason };
        if (answerTo(error) === 'retry') log.warn('Rows wait for another try.', fields);
        else log.error('Rows wait until someone acts.', fields);
        await waitWhileOpen(error, clock, context);
        return { batchItemFailures: [{ itemIdentifier }] };
      }
    }
    if (rows > 0) log.info('Projected rows.', { rows });
    return { batchItemFailures: [] };
  };
}
