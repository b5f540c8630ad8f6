/**
 * A stream of shards and the mapping that reads it, reduced to what AWS promises: records of one
 * partition key are first delivered in order, one batch in flight per lane. Everything else is as bad as
 * it can be: any cut, partial failures, halved batches, old batches again beside new ones, rewinds.
 */
import type { StreamEntry, StreamWriter } from '@millrace/core/port';
import type { Scheduler } from '@millrace/engine/scheduler';
import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import { CrashError, type Faults, type Invocation } from './faults';
import { type Scenario, shardOf } from './generate';
import type { Choices } from './random';
import type { ReferenceRecord } from './reference';

export interface EventSourceOptions {
  readonly scheduler: Scheduler;
  readonly choices: Choices;
  readonly faults: Faults;
  readonly scenario: Scenario;
  readonly lanes: number;
  readonly batchMax: number;
  /** Longest wait between a record's arrival and its batch. */
  readonly pollMs: number;
  /** Probability, per delivered batch, of an old one delivered again, and of a rewind of its lane. */
  readonly redelivery: number;
  readonly handler: (
    event: KinesisStreamEvent,
    context: { getRemainingTimeInMillis(): number },
  ) => Promise<KinesisStreamBatchResponse>;
}

export interface EventSource {
  readonly writer: StreamWriter;
  /** Everything put so far, and all that will ever be loaded, is processed; nothing is under way. */
  readonly idle: boolean;
  readonly counts: Readonly<EventSourceCounts>;
}

export interface EventSourceCounts {
  deliveries: number;
  invocations: number;
  failures: number;
  timeouts: number;
  redeliveries: number;
  ticks: number;
}

interface Lane {
  readonly shard: string;
  readonly entries: ReferenceRecord[];
  position: number;
  /** Largest next batch, after a failure. */
  limit: number;
  busy: boolean;
}

interface Shard {
  readonly id: string;
  readonly parent: string | null;
  readonly lanes: readonly Lane[];
  toCome: number;
  lastSequence: bigint;
}

const TIMEOUT_MS = 60_000;
const BACKOFF_MS_MAX = 20_000;
const REDELIVERY_MS_MAX = 300_000;
const REWIND_MAX = 30;
/** A run that delivers more is stuck. */
const DELIVERIES_MAX_PER_RECORD = 300;
/** Deaths of one record alone in its batch before it would count as a poison that kills processes. */
const LONE_FAILURES_MAX = 2;

export function createEventSource(options: EventSourceOptions): EventSource {
  const { scheduler, choices, scenario } = options;
  const counts = {
    ...{ deliveries: 0, invocations: 0, failures: 0, timeouts: 0, redeliveries: 0, ticks: 0 },
  };
  const shards = new Map(
    scenario.shards.map(({ id, parent }) => [id, newShard(id, parent, options)]),
  );
  const loneFailures = new Map<string, number>();
  let underWay = 0;
  let visible = 0;

  load();

  function load(): void {
    let visibleMs = Number.NEGATIVE_INFINITY;
    for (const record of scenario.records) {
      shards.get(record.shard)!.toCome += 1;
      visibleMs = Math.max(visibleMs, record.arrivalMs);
      scheduler.at(visibleMs, () => {
        const shard = shards.get(record.shard)!;
        visible += 1;
        shard.toCome -= 1;
        shard.lastSequence = BigInt(record.sequence);
        append(shard, record);
      });
    }
  }

  function append(shard: Shard, record: ReferenceRecord): void {
    const lane = shard.lanes[laneHash(record.partitionKey) % shard.lanes.length]!;
    lane.entries.push(record);
    wake(lane, choices.int(options.pollMs + 1));
  }

  function wake(lane: Lane, afterMs: number): void {
    if (lane.busy || lane.position >= lane.entries.length || !mayStart(lane)) {
      return;
    }
    lane.busy = true;
    scheduler.at(scheduler.nowMs + afterMs, () => deliver(lane));
  }

  /** A child shard waits for its parent. */
  function mayStart(lane: Lane): boolean {
    const parent = shards.get(shards.get(lane.shard)!.parent ?? '');
    return parent === undefined || isDrained(parent);
  }

  function isDrained(shard: Shard): boolean {
    return (
      shard.toCome === 0 && shard.lanes.every((l) => !l.busy && l.position >= l.entries.length)
    );
  }

  async function deliver(lane: Lane): Promise<void> {
    const size = Math.min(lane.limit, 1 + choices.int(options.batchMax));
    const batch = lane.entries.slice(lane.position, lane.position + size);
    const done = await invoke(batch);
    lane.position += done;
    lane.limit = done < batch.length ? Math.max(1, Math.ceil(batch.length / 2)) : options.batchMax;
    disturb(lane, batch.length);
    lane.busy = false;
    wake(lane, done < batch.length ? choices.int(BACKOFF_MS_MAX) : 0);
    for (const child of shards.values()) {
      for (const waiting of child.parent === lane.shard ? child.lanes : []) {
        wake(waiting, 0);
      }
    }
  }

  /** Old records again: beside whatever the lane does next, or in its way. */
  function disturb(lane: Lane, delivered: number): void {
    if (counts.deliveries > DELIVERIES_MAX_PER_RECORD * scenario.records.length) {
      throw new Error(`a record makes no progress: ${JSON.stringify(counts)}`);
    }
    if (choices.chance(options.redelivery)) {
      const from = choices.int(lane.position + 1);
      const batch = lane.entries.slice(from, Math.min(lane.position, from + 1 + choices.int(20)));
      counts.redeliveries += batch.length;
      underWay += 1;
      scheduler.at(scheduler.nowMs + choices.skewed(REDELIVERY_MS_MAX), async () => {
        await invoke(batch);
        underWay -= 1;
      });
    }
    // On average less than what was just delivered, or no lane would ever end.
    if (choices.chance((options.redelivery * delivered) / REWIND_MAX)) {
      const back = Math.min(lane.position, choices.int(REWIND_MAX));
      counts.redeliveries += back;
      lane.position -= back;
    }
  }

  /** How many records of the batch, from its start on, need not come again. */
  async function invoke(batch: readonly ReferenceRecord[]): Promise<number> {
    if (batch.length === 0) {
      return 0;
    }
    const lone = batch.length === 1 ? `${batch[0]!.shard}:${batch[0]!.sequence}` : null;
    const calm = lone !== null && (loneFailures.get(lone) ?? 0) >= LONE_FAILURES_MAX;
    counts.invocations += 1;
    counts.deliveries += batch.length;
    const done = await options.faults.run({ name: 'consumer', calm }, (i) => invokeOnce(batch, i));
    if (done < batch.length) {
      counts.failures += 1;
      if (lone !== null) loneFailures.set(lone, (loneFailures.get(lone) ?? 0) + 1);
    }
    return done;
  }

  async function invokeOnce(
    batch: readonly ReferenceRecord[],
    invocation: Invocation,
  ): Promise<number> {
    const deadlineMs = scheduler.nowMs + TIMEOUT_MS;
    const timer = scheduler.at(deadlineMs, () => {
      counts.timeouts += 1;
      // A frozen process may never go on, or may when nobody expects it any more.
      if (choices.chance(0.5)) invocation.dead = true;
      timeOut(new CrashError('timed out'));
    });
    let timeOut: (error: Error) => void = () => undefined;
    const timedOut = new Promise<never>((_resolve, reject) => {
      timeOut = reject;
    });
    const context = { getRemainingTimeInMillis: () => deadlineMs - scheduler.nowMs };
    const answer = options.handler(kinesisEvent(batch), context);
    try {
      const response = await Promise.race([answer, invocation.death, timedOut]);
      return options.faults.diesAtEnd(invocation) ? 0 : doneOf(batch, response);
    } catch (error) {
      answer.catch(() => undefined);
      if (error instanceof CrashError) return 0;
      throw error;
    } finally {
      timer.cancel();
    }
  }

  async function put(entries: readonly StreamEntry[]): Promise<void> {
    for (const { partitionKey, data } of entries) {
      const { id } = shardOf(scenario.shards, partitionKey, Math.min(visible, lastIndex(scenario)));
      const shard = shards.get(id)!;
      shard.lastSequence += 1n;
      counts.ticks += 1;
      append(shard, {
        shard: id,
        sequence: shard.lastSequence.toString(),
        partitionKey,
        arrivalMs: scheduler.nowMs,
        bytes: Buffer.from(data),
      });
    }
  }

  return {
    counts,
    writer: { put },
    get idle() {
      return underWay === 0 && [...shards.values()].every(isDrained);
    },
  };
}

function newShard(id: string, parent: string | null, options: EventSourceOptions): Shard {
  const lanes = Array.from({ length: options.lanes }, () => ({
    ...{ shard: id, entries: [], position: 0, limit: options.batchMax, busy: false },
  }));
  return { id, parent, lanes, toCome: 0, lastSequence: 1n };
}

/** The lowest reported sequence number is where the next delivery starts; it must be in the batch. */
function doneOf(batch: readonly ReferenceRecord[], response: KinesisStreamBatchResponse): number {
  const reported = response.batchItemFailures.map(({ itemIdentifier }) =>
    batch.findIndex(({ sequence }) => sequence === itemIdentifier),
  );
  if (reported.includes(-1)) {
    throw new Error(`reported a record that was not delivered: ${JSON.stringify(response)}`);
  }
  return Math.min(batch.length, ...reported);
}

export function kinesisEvent(batch: readonly ReferenceRecord[]): KinesisStreamEvent {
  return {
    Records: batch.map(({ shard, sequence, partitionKey, arrivalMs, bytes, notBase64 }) => ({
      kinesis: {
        kinesisSchemaVersion: '1.0',
        // As Lambda says it of a record that has none.
        partitionKey: (partitionKey === '' ? null : partitionKey) as string,
        sequenceNumber: sequence,
        data: bytes.toString(notBase64 ? 'utf8' : 'base64'),
        approximateArrivalTimestamp: arrivalMs / 1000,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `${shard}:${sequence}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: 'arn:aws:iam::000000000000:role/test',
      awsRegion: 'local',
      eventSourceARN: 'arn:aws:kinesis:local:000000000000:stream/events',
    })),
  };
}

function lastIndex(scenario: Scenario): number {
  return scenario.records.length - 1;
}

function laneHash(partitionKey: string): number {
  return [...Buffer.from(partitionKey)].reduce((hash, byte) => (hash * 31 + byte) >>> 0, 7);
}
