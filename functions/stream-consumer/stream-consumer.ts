import { processPartialResponse } from '@aws-lambda-powertools/batch';
import { commitGroup, newTally, type Tally } from '@millrace/core/commit/commit-group';
import type { Group } from '@millrace/core/commit/group';
import type { CommitPorts } from '@millrace/core/commit/ports';
import { indexQuarantined, keepBytes } from '@millrace/core/commit/quarantine';
import { answerTo, DeadlineError, UnavailableError } from '@millrace/core/error';
import { defineMetric } from '@millrace/core/fold/definition';
import { stateKey } from '@millrace/core/fold/key';
import type { Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import type { Item, Log } from '@millrace/core/port';
import type {
  KinesisStreamBatchResponse,
  KinesisStreamEvent,
  KinesisStreamRecord,
} from 'aws-lambda';
import { ATTEMPTS_MAX, type Attempts, countAttempt, DECODE_ATTEMPTS_MAX } from './attempts';
import { forEachBounded } from './bounded';
import { type GroupedBatch, groupBatch, type Loose, sourceOfRecord } from './group-batch';
import { type FirstFailure, KeyGroupedProcessor } from './key-grouped-processor';

export interface StreamConsumerPorts extends CommitPorts {
  readonly pipeline: Pipeline;
  readonly transforms: Transforms;
  readonly log: Log;
  /** ParallelizationFactor of the mapping. An aggregate's keys share a lane only when it is 1. */
  readonly parallelization: number;
  readonly stateTtlMs: number;
  /** How long the stream keeps records. */
  readonly retentionMs: number;
  readonly observe?: (batch: BatchSummary) => void;
}

/** One per invocation. */
export interface BatchSummary extends Tally {
  readonly records: number;
  readonly series: number;
  readonly unmatched: number;
  /** Age of the last record when the batch was done would need a clock: this is its arrival. */
  readonly lastArrivalMs: number;
  readonly failed: boolean;
}

export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

export type StreamConsumer = (
  event: KinesisStreamEvent,
  context: InvocationContext,
) => Promise<KinesisStreamBatchResponse>;

/** Series committed at once: each waits on the network nearly all of its time. */
const PARALLEL_SERIES_MAX = 32;
/** What is not committed this long before the time-out goes back to the event source. */
const MARGIN_MS = 5_000;

/**
 * The live path: decode, group by (partition key, series), fold and commit each group, and answer the
 * first record that is not committed and written. It never throws for a reason in the data or in a
 * dependency: an exception would make Lambda bisect a healthy batch.
 */
export function createStreamConsumer(ports: StreamConsumerPorts): StreamConsumer {
  const { metrics } = ports.pipeline;
  const definitions = new Map(metrics.map((m) => [m, defineMetric(m, ports.stateTtlMs)]));
  const metricsByName = new Map(metrics.map((m) => [m.name, m]));

  return (event, context) => {
    const hasTime = () => context.getRemainingTimeInMillis() > MARGIN_MS;
    const handleBatch = async (records: readonly KinesisStreamRecord[]) => {
      if (records.length === 0) return null;
      const attempts = await attemptOf(ports, records);
      if (attempts instanceof Error) return { at: 0, error: attempts };
      const count = attempts?.count ?? 0;
      const failure =
        count > DECODE_ATTEMPTS_MAX
          ? await refuseUndecoded(ports, records)
          : await process(records, count);
      const survived = failure !== null || count > 1;
      if (survived && attempts !== null) await forget(attempts, ports.log);
      return failure;
    };

    const process = async (records: readonly KinesisStreamRecord[], count: number) => {
      const refuse = count > ATTEMPTS_MAX ? `processing was cut off ${count - 1} times` : null;
      const { pipeline, transforms } = ports;
      const batch = groupBatch(records, {
        pipeline,
        transforms,
        definitions,
        metricsByName,
        refuse,
      });
      const tally = newTally();
      const failures: FirstFailure[] = [];
      await commitAll(ports, batch, hasTime, tally, failures);
      const first = lowest(failures);
      report(ports, records, batch, tally, first);
      return first;
    };

    // Powertools types the handler for one record; ours takes the batch, see KeyGroupedProcessor.
    return processPartialResponse(event, handleBatch as never, new KeyGroupedProcessor(), {
      throwOnFullBatchFailure: false,
    }) as Promise<KinesisStreamBatchResponse>;
  };
}

async function commitAll(
  ports: StreamConsumerPorts,
  batch: GroupedBatch,
  hasTime: () => boolean,
  tally: Tally,
  failures: FirstFailure[],
): Promise<void> {
  if (batch.aggregateAt !== null && ports.parallelization !== 1) {
    const detail = 'aggregated (KPL) records need ParallelizationFactor 1: their keys share a lane';
    failures.push({ at: 0, error: new UnavailableError(detail) });
    return;
  }
  const loaded = await loadStates(ports, batch.groups);
  if (loaded instanceof Error) {
    failures.push({ at: 0, error: loaded });
    return;
  }
  const { retentionMs } = ports;
  await forEachBounded(batch.groups, PARALLEL_SERIES_MAX, async (group, index) => {
    const result = await commitGroup(group, loaded[index], { ports, retentionMs, hasTime });
    add(tally, result.tally);
    if (result.failedAt !== null) failures.push(failureOf(result.failedAt, result.error));
  });
  await forEachBounded(batch.loose, PARALLEL_SERIES_MAX, async (loose) => {
    try {
      if (!hasTime()) throw new DeadlineError('the invocation is about to time out');
      await writeLoose(ports, loose, tally);
    } catch (error) {
      failures.push(failureOf(loose.recordIndex, error));
    }
  });
}

/** One strong read of every state, duplicate-free, before anything is written. */
async function loadStates(
  ports: StreamConsumerPorts,
  groups: readonly Group[],
): Promise<readonly (Item | undefined)[] | Error> {
  if (groups.length === 0) return [];
  try {
    return await ports.state.getMany(groups.map((group) => stateKey(group.key)));
  } catch (error) {
    return asError(error);
  }
}

async function writeLoose(ports: CommitPorts, loose: Loose, tally: Tally): Promise<void> {
  const { entry } = loose;
  if (entry.kind === 'invalid') await keepBytes(ports, entry, loose.source.bytes());
  const isNew = await indexQuarantined(ports, entry);
  if (!isNew) tally.redelivered++;
  else if (entry.kind === 'invalid') tally.invalid++;
}

/** `null` for batches of several records, an error when the count could not be written. */
async function attemptOf(
  ports: StreamConsumerPorts,
  records: readonly KinesisStreamRecord[],
): Promise<Attempts | Error | null> {
  const [record] = records;
  if (record === undefined || records.length > 1) return null;
  try {
    return await countAttempt(ports.control, {
      ...sourceOfRecord(record),
      sequence: record.kinesis.sequenceNumber,
      arrivalMs: Math.round(record.kinesis.approximateArrivalTimestamp * 1000),
    });
  } catch (error) {
    return asError(error);
  }
}

/**
 * Whatever came back is not a death: its count must go, or an outage would quarantine healthy records.
 * The first success leaves its count to the table's TTL: that write would be paid for every record.
 */
async function forget(attempts: Attempts, log: Log): Promise<void> {
  try {
    await attempts.forget();
  } catch (error) {
    log.warn('Could not delete the attempts counter of a record.', {
      error: asError(error).message,
    });
  }
}

/** The record kills the process even while it is decoded: quarantined whole, unread. */
async function refuseUndecoded(
  ports: StreamConsumerPorts,
  records: readonly KinesisStreamRecord[],
): Promise<FirstFailure | null> {
  const { kinesis } = records[0] as KinesisStreamRecord;
  const at = {
    ...sourceOfRecord(records[0] as KinesisStreamRecord),
    sequence: kinesis.sequenceNumber,
    sub: 0,
    partitionKey: kinesis.partitionKey,
    arrivalMs: Math.round(kinesis.approximateArrivalTimestamp * 1000),
  };
  try {
    await keepBytes(ports, at, Buffer.from(kinesis.data, 'base64'));
    const detail = 'decoding was cut off again and again';
    const head = {
      kind: 'invalid',
      reason: 'attempts',
      detail,
      metric: null,
      series: null,
    } as const;
    await indexQuarantined(ports, { ...head, ...at });
    return null;
  } catch (error) {
    return failureOf(0, error);
  }
}

function report(
  ports: StreamConsumerPorts,
  records: readonly KinesisStreamRecord[],
  batch: GroupedBatch,
  tally: Tally,
  first: FirstFailure | null,
): void {
  const last = records.at(-1) as KinesisStreamRecord;
  ports.observe?.({
    ...tally,
    records: records.length,
    series: batch.groups.length,
    unmatched: batch.loose.filter(({ entry }) => entry.kind === 'unmatched').length,
    lastArrivalMs: Math.round(last.kinesis.approximateArrivalTimestamp * 1000),
    failed: first !== null,
  });
  if (first === null) return;
  const { sequenceNumber } = (records[first.at] as KinesisStreamRecord).kinesis;
  const fields = {
    ...sourceOfRecord(last),
    sequenceNumber,
    error: first.error.name,
    reason: first.error.message,
  };
  if (answerTo(first.error) === 'retry') {
    ports.log.warn('Part of a batch goes back to the event source.', fields);
  } else {
    ports.log.error('A series is stopped until someone acts; nothing was overwritten.', fields);
  }
}

function lowest(failures: readonly FirstFailure[]): FirstFailure | null {
  let first: FirstFailure | null = null;
  for (const failure of failures) if (first === null || failure.at < first.at) first = failure;
  return first;
}

function failureOf(at: number, error: unknown): FirstFailure {
  return { at, error: asError(error) };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function add(sum: Tally, part: Tally): void {
  for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += part[name];
}
