import type { Group } from '@millrace/core/commit/group';
import type { Tally } from '@millrace/core/commit/tally';
import { answerTo } from '@millrace/core/error';
import { stateKey } from '@millrace/core/fold/key';
import type { Log } from '@millrace/core/port';
import { seriesHash } from '@millrace/core/stored/series-hash';
import type { KinesisStreamRecord } from 'aws-lambda';
import { arrivalMsOf, sourceOfRecord } from './event-record';
import type { GroupedBatch } from './group-batch';
import type { FirstFailure } from './key-grouped-processor';
import { spreadSeries } from './spread-series';

/** One per invocation. */
export interface BatchSummary extends Tally {
  readonly records: number;
  readonly series: number;
  /** Those that came under more than `PARTITION_KEYS_FEW` partition keys in this one batch. */
  readonly spreadSeries: number;
  readonly unmatched: number;
  /** Records without a partition key: applied, in no promised order. */
  readonly unkeyed: number;
  /** Age of the last record when the batch was done would need a clock: this is its arrival. */
  readonly lastArrivalMs: number;
  readonly failed: boolean;
}

export interface ReportPorts {
  readonly log: Log;
  readonly observe?: (batch: BatchSummary) => void;
}

export function report(
  ports: ReportPorts,
  records: readonly KinesisStreamRecord[],
  batch: GroupedBatch,
  tally: Tally,
  first: FirstFailure | null,
): void {
  const last = records.at(-1) as KinesisStreamRecord;
  if (batch.unkeyed > 0) {
    ports.log.warn('Records came without a partition key: they count, but have no order.', {
      ...sourceOfRecord(last),
      unkeyed: batch.unkeyed,
      records: records.length,
    });
  }
  ports.observe?.({
    ...tally,
    records: records.length,
    series: batch.groups.length,
    unkeyed: batch.unkeyed,
    spreadSeries: spreadSeries(batch.groups),
    unmatched: batch.refused.reduce((sum, { refusals }) => sum + refusals.unmatched, 0),
    lastArrivalMs: arrivalMsOf(last.kinesis),
    failed: first !== null,
  });
}

/** One line per failed batch: what goes back, from where on, and why. */
export function logged(
  log: Log,
  records: readonly KinesisStreamRecord[],
  failure: FirstFailure,
): FirstFailure {
  const record = records[failure.at] as KinesisStreamRecord;
  const fields = {
    ...sourceOfRecord(record),
    sequenceNumber: record.kinesis.sequenceNumber,
    error: failure.error.name,
    reason: failure.error.message,
  };
  if (answerTo(failure.error) === 'retry') {
    log.warn('Part of a batch goes back to the event source.', fields);
  } else {
    log.error('A series is stopped until someone acts; nothing was overwritten.', fields);
  }
  return failure;
}

/**
 * Every share of the item is bounded, so it does not outgrow the table: windows close early instead, and
 * what comes late for them is quarantined. Before that there is time to give the series smaller windows.
 */
export function warnOfSize(log: Log, { key }: Group, bytes: number): void {
  log.warn('The state of a series is more than half as large as an item can be.', {
    ...{ metric: key.metric, seriesHash: seriesHash(stateKey(key)), bytes },
  });
}

/** Series that one line names. */
const NAMED_SERIES_MAX = 10;

/** One line a batch, however many they are: all of them may have been spoilt at once. */
export function tellOfUndecodable(log: Log, groups: readonly Group[]): void {
  log.error('States cannot be decoded: records of their series are parked in the quarantine.', {
    states: groups.length,
    seriesHashes: groups.slice(0, NAMED_SERIES_MAX).map(({ key }) => seriesHash(stateKey(key))),
    metrics: [...new Set(groups.map(({ key }) => key.metric))].slice(0, NAMED_SERIES_MAX),
  });
}
