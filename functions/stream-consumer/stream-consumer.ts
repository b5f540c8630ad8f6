import { processPartialResponse } from '@aws-lambda-powertools/batch';
import { RecordBytes } from '@millrace/adapters/kinesis/record-bytes';
import { forEachBounded } from '@millrace/core/commit/bounded';
import { commitGroup } from '@millrace/core/commit/commit-group';
import type { Group, Refusal } from '@millrace/core/commit/group';
import { STATE_WARN_BYTES } from '@millrace/core/commit/item-size';
import type { CommitPorts } from '@millrace/core/commit/ports';
import { newTally, type Tally } from '@millrace/core/commit/tally';
import { DeadlineError, NewerDefinitionError } from '@millrace/core/error';
import { type Definition, defineMetric } from '@millrace/core/fold/definition';
import { stateKey } from '@millrace/core/fold/key';
import type { Metric, Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import type { Clock, Item, Log } from '@millrace/core/port';
import type { KeptFor } from '@millrace/core/quarantine/bytes';
import { quarantineUnread } from '@millrace/core/quarantine/entry';
import { withLittlePatience } from '@millrace/core/quarantine/patience';
import { registerShard } from '@millrace/core/quarantine/shards';
import type { TimeLimit } from '@millrace/core/record/time-limit';
import type {
  KinesisStreamBatchResponse,
  KinesisStreamEvent,
  KinesisStreamRecord,
} from 'aws-lambda';
import { ATTEMPTS_MAX, type Attempts, countAttempt, DECODE_ATTEMPTS_MAX } from './attempts';
import { registerDefinitions } from './definitions';
import { arrivalMsOf, partitionKeyOf, sourceOfRecord } from './event-record';
import { type GroupedBatch, groupBatch } from './group-batch';
import {
  asError,
  type FirstFailure,
  failureOf,
  KeyGroupedProcessor,
} from './key-grouped-processor';
import { keptFor, quarantineAll } from './quarantine-refused';
import { logged, type ReportPorts, report, tellOfUndecodable, warnOfSize } from './report';

export interface StreamConsumerPorts extends CommitPorts, KeptFor, ReportPorts {
  readonly pipeline: Pipeline;
  readonly transforms: Transforms;
  readonly stateTtlMs: number;
  /**
   * Says when a refused record was last seen, and how old a definition is; the fold never looks at it.
   */
  readonly clock?: Clock;
  /** Ends transforms that do not return; absent = they are trusted. */
  readonly timeLimit?: TimeLimit;
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
 * What hangs this long before the time-out is given up: a time-out is taken for a record that kills the
 * process, and an outage would then quarantine healthy ones. Calls of the stores end a little earlier
 * on their own (handler.ts); this is for what is no call of theirs, and deleting the count of attempts
 * fits in behind it.
 */
export const GIVE_UP_MS = 4_000;

/**
 * The live path: decode, group by (partition key, series), fold and commit each group, and answer the
 * first record that is not committed and written. It never throws for a reason in the data or in a
 * dependency: an exception would make Lambda bisect a healthy batch.
 */
export function createStreamConsumer(given: StreamConsumerPorts): StreamConsumer {
  const { clock, quarantine } = given;
  const ports =
    clock === undefined ? given : { ...given, quarantine: withLittlePatience(quarantine, clock) };
  const { metrics } = ports.pipeline;
  let definitions: Definitions | null = null;
  const metricsByName = new Map(metrics.map((m) => [m.name, m]));

  return (event, context) => {
    const hasTime = () => context.getRemainingTimeInMillis() > MARGIN_MS;
    const handleBatch = async (records: readonly KinesisStreamRecord[]) => {
      if (records.length === 0) return null;
      const attempts = await attemptOf(ports, records);
      if (attempts instanceof Error) return logged(ports.log, records, failureOf(0, attempts));
      const count = attempts?.count ?? 0;
      const failure =
        count > DECODE_ATTEMPTS_MAX
          ? await refuseUndecoded(ports, records, count)
          : await beforeTimeout(ports.clock, context, process(records, count));
      const survived = failure !== null || count > 1;
      if (survived && attempts !== null) await forget(attempts, ports.log);
      return failure === null ? null : logged(ports.log, records, failure);
    };

    const process = async (records: readonly KinesisStreamRecord[], count: number) => {
      try {
        definitions ??= await definitionsOf(ports);
      } catch (error) {
        return failureOf(0, error);
      }
      const refuse = count > ATTEMPTS_MAX ? refusalOf(ports, count) : null;
      const { pipeline, transforms, stateTtlMs } = ports;
      const batch = groupBatch(records, {
        pipeline,
        transforms,
        definitions,
        metricsByName,
        refuse,
        stateTtlMs,
        timeLimit: ports.timeLimit,
        // The other half is for committing what was read.
        hasTime: timeFor(context.getRemainingTimeInMillis() / 2, context),
      });
      const tally = newTally();
      const failures: FirstFailure[] = [];
      if (batch.cutAt !== null) {
        const error = new DeadlineError('transforms took the time of the records from here on');
        failures.push(failureOf(batch.cutAt, error));
      }
      await commitAll(ports, batch, hasTime, tally, failures);
      const first = lowest(failures);
      // Perhaps ours is a roll-back that has to be made the newest again: ask at the next batch.
      if (first?.error instanceof NewerDefinitionError) definitions = null;
      report(ports, records, batch, tally, first);
      return first;
    };

    // Powertools types the handler for one record; ours takes the batch, see KeyGroupedProcessor.
    return processPartialResponse(event, handleBatch as never, new KeyGroupedProcessor(), {
      throwOnFullBatchFailure: false,
    }) as Promise<KinesisStreamBatchResponse>;
  };
}

/** Whether more than `keptMs` of the invocation is left. */
function timeFor(keptMs: number, context: InvocationContext): () => boolean {
  return () => context.getRemainingTimeInMillis() > keptMs;
}

type Definitions = ReadonlyMap<Metric, Definition>;

/** Without a clock there is no deployment to tell apart from another: every definition is the first. */
async function definitionsOf(ports: StreamConsumerPorts): Promise<Definitions> {
  const { clock, control, stateTtlMs, pipeline } = ports;
  if (clock !== undefined) {
    return registerDefinitions(pipeline.metrics, { control, clock, stateTtlMs });
  }
  return new Map(pipeline.metrics.map((metric) => [metric, defineMetric(metric, stateTtlMs)]));
}

/** A call that hangs until then makes the whole batch come again; its effects may still land. */
function beforeTimeout(
  clock: Clock | undefined,
  context: InvocationContext,
  work: Promise<FirstFailure | null>,
): Promise<FirstFailure | null> {
  if (clock === undefined) return work;
  const giveUpMs = Math.max(0, context.getRemainingTimeInMillis() - GIVE_UP_MS);
  const error = new DeadlineError('a dependency did not answer before the time-out');
  return Promise.race([work, clock.sleep(giveUpMs).then(() => ({ at: 0, error }))]);
}

async function commitAll(
  ports: StreamConsumerPorts,
  batch: GroupedBatch,
  hasTime: () => boolean,
  tally: Tally,
  failures: FirstFailure[],
): Promise<void> {
  const loaded = await loadStates(ports, batch.groups);
  if (loaded instanceof Error) {
    failures.push({ at: 0, error: loaded });
    return;
  }
  const options = { ports, ...keptFor(ports), hasTime };
  const undecodable: Group[] = [];
  await forEachBounded(batch.groups, PARALLEL_SERIES_MAX, async (group, index) => {
    const result = await commitGroup(group, loaded[index], options);
    add(tally, result.tally);
    if (result.itemBytes > STATE_WARN_BYTES) warnOfSize(ports.log, group, result.itemBytes);
    if (result.undecodable) undecodable.push(group);
    if (result.failedAt !== null) failures.push(failureOf(result.failedAt, result.error));
  });
  if (undecodable.length > 0) tellOfUndecodable(ports.log, undecodable);
  await quarantineAll(ports, batch.refused, hasTime, tally, failures);
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
      arrivalMs: arrivalMsOf(record.kinesis),
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

function refusalOf({ clock }: StreamConsumerPorts, count: number): Refusal {
  return {
    detail: `processing was cut off ${count - 1} times`,
    attempt: count,
    ...(clock && { lastSeenMs: Math.floor(clock.nowMs()) }),
  };
}

/** The record kills the process even while it is decoded: quarantined whole, unread. */
async function refuseUndecoded(
  ports: StreamConsumerPorts,
  records: readonly KinesisStreamRecord[],
  count: number,
): Promise<FirstFailure | null> {
  const { kinesis } = records[0] as KinesisStreamRecord;
  const partitionKey = partitionKeyOf(kinesis);
  const place = {
    ...sourceOfRecord(records[0] as KinesisStreamRecord),
    sequence: kinesis.sequenceNumber,
    partitionKey,
    arrivalMs: arrivalMsOf(kinesis),
  };
  const source = new RecordBytes(kinesis.data, partitionKey, 'usual');
  try {
    const { detail, ...seen } = refusalOf(ports, count);
    const why = { reason: 'attempts', metric: null, ...seen };
    const refused = { ...why, detail: `decoding was cut off as well: ${detail}` };
    await registerShard(ports.control, place);
    await quarantineUnread(ports, place, refused, source, keptFor(ports));
    return null;
  } catch (error) {
    return failureOf(0, error);
  }
}

function lowest(failures: readonly FirstFailure[]): FirstFailure | null {
  let first: FirstFailure | null = null;
  for (const failure of failures) if (first === null || failure.at < first.at) first = failure;
  return first;
}

function add(sum: Tally, part: Tally): void {
  for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += part[name];
}
