/** What one batch of the consumer came to; the same as its summary, so that it can be passed on. */
export interface BatchCounts {
  readonly records: number;
  readonly applied: number;
  readonly late: number;
  readonly dedupeOverflow: number;
  readonly invalid: number;
  readonly parked: number;
  readonly redelivered: number;
  readonly unkeyed: number;
  readonly conflicts: number;
  readonly spreadSeries: number;
  readonly newSeries: number;
  readonly lastArrivalMs: number;
  readonly failed: boolean;
}

export interface MetricsSettings {
  /** Of the stack: the metrics of two stacks in one account must not add up. */
  readonly namespace: string;
  readonly service: string;
  readonly nowMs: () => number;
  readonly write: (line: string) => void;
}

const UNITS = {
  Records: 'Count',
  Applied: 'Count',
  Late: 'Count',
  DedupeOverflow: 'Count',
  Invalid: 'Count',
  Quarantined: 'Count',
  Parked: 'Count',
  Redelivered: 'Count',
  Unkeyed: 'Count',
  Conflicts: 'Count',
  SpreadSeries: 'Count',
  NewSeries: 'Count',
  FailedBatches: 'Count',
  Lag: 'Milliseconds',
} as const;

const DEFINITIONS = Object.entries(UNITS).map(([Name, Unit]) => ({ Name, Unit }));

/** How many metrics a stack with a load is charged for. */
export const BATCH_METRICS = DEFINITIONS.length;

/**
 * One line in CloudWatch's embedded metric format for each batch: metrics without a call, and the
 * numbers stay in the log. Written by hand, as Powertools' library would be a tenth of the bundle.
 *
 * The one dimension is the service. Every further value of a dimension is a metric that is paid for
 * each month, so never a series, a shard or a partition key.
 */
export function createBatchMetrics(settings: MetricsSettings): (batch: BatchCounts) => void {
  const { namespace, service, nowMs, write } = settings;
  const directive = { Namespace: namespace, Dimensions: [['service']], Metrics: DEFINITIONS };
  return (batch) => {
    const timestampMs = nowMs();
    const values: Record<keyof typeof UNITS, number> = {
      Records: batch.records,
      Applied: batch.applied,
      Late: batch.late,
      DedupeOverflow: batch.dedupeOverflow,
      Invalid: batch.invalid,
      Quarantined: batch.late + batch.invalid,
      Parked: batch.parked,
      Redelivered: batch.redelivered,
      Unkeyed: batch.unkeyed,
      Conflicts: batch.conflicts,
      SpreadSeries: batch.spreadSeries,
      NewSeries: batch.newSeries,
      FailedBatches: batch.failed ? 1 : 0,
      Lag: Math.max(0, timestampMs - batch.lastArrivalMs),
    };
    const _aws = { Timestamp: timestampMs, CloudWatchMetrics: [directive] };
    write(`${JSON.stringify({ _aws, service, ...values })}\n`);
  };
}
