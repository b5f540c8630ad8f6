import type { Outcome } from '../invoke/function-host';
import type { Discard } from '../observe';
import { Queue } from '../queue';
import type { ScheduledTask } from '../scheduler';
import {
  type Batch,
  type Delivery,
  describeBatch,
  isOversize,
  PAYLOAD_BYTES_MAX,
  payloadBytes,
  takeBatch,
} from './batch';
import type { MappingContext } from './context';
import { failureRecord } from './destination';
import { judge } from './response';
import { type Plan, planRetry, retryWaitMs } from './retry';

/** The reader of the shard, to a lane. */
export interface LaneOwner {
  /** Some batch is finished, or has failed. */
  onProgress(): void;
  /** Whether the mapping has delivered the record before, on whichever lane. */
  wasDelivered(delivery: Delivery): boolean;
}

/** One of the P batchers of a shard: one batch in flight, its keys in order. */
export class Lane {
  private readonly index: number;
  private readonly context: MappingContext;
  private readonly owner: LaneOwner;
  private readonly queue = new Queue<Delivery>();
  /** When the records from a position on were read: the batching window counts from there. */
  private readonly reads = new Queue<{ readonly position: number; readonly atMs: number }>();
  private queuedBytes = 0;
  /** What failed and comes again before anything new, next one last. */
  private readonly retries: Batch[] = [];
  private inFlight: Batch | null = null;
  private retired = false;
  private fruitless = 0;
  private timer: ScheduledTask | null = null;
  private backingOff = false;
  private deliveredTo = -1;
  private lastOutcome: Outcome | undefined;

  constructor(index: number, context: MappingContext, owner: LaneOwner) {
    this.index = index;
    this.context = context;
    this.owner = owner;
  }

  get queued(): number {
    return this.queue.length;
  }

  get idle(): boolean {
    return this.inFlight === null && this.retries.length === 0 && this.queue.length === 0;
  }

  /** Position of the first record that is not finished, if any. */
  get lowestUnfinished(): number | undefined {
    const batch = this.inFlight ?? this.retries.at(-1);
    return (batch?.deliveries[0] ?? this.queue.peek())?.position;
  }

  /** Whether a record at this position of this lane was in an invocation before. */
  hasDelivered(position: number): boolean {
    return position <= this.deliveredTo;
  }

  offer(delivery: Delivery, nowMs: number): void {
    const lastRead = this.reads.length === 0 ? undefined : this.reads.at(this.reads.length - 1);
    if (lastRead?.atMs !== nowMs) this.reads.push({ position: delivery.position, atMs: nowMs });
    this.queue.push(delivery);
    this.queuedBytes += payloadBytes(delivery.record);
  }

  /** The mapping was restarted: what is in flight goes on, its result counts for nothing. */
  retire(): void {
    this.retired = true;
    this.timer?.cancel();
  }

  /** Invokes when there is something to invoke; else sees to it that it will. */
  advance(): void {
    if (this.inFlight !== null || this.retired || this.backingOff) return;
    this.timer?.cancel();
    this.timer = null;
    const batch = this.retries.pop() ?? this.form();
    if (batch === null) return;
    this.inFlight = batch;
    // As an event of its own, so that what it throws ends the run.
    const { scheduler } = this.context.runtime;
    scheduler.at(scheduler.nowMs, () => this.process(batch));
  }

  /** A batch is due when it is full, in records or bytes, or its window is over. */
  private form(): Batch | null {
    const { settings, runtime } = this.context;
    const head = this.queue.peek();
    if (head === undefined) return null;
    const full = this.queue.length >= settings.batchSize || this.queuedBytes >= PAYLOAD_BYTES_MAX;
    const dueMs = this.readAtMs(head.position) + settings.windowMs;
    if (!full && dueMs > runtime.scheduler.nowMs) {
      this.timer = runtime.scheduler.at(dueMs, () => this.advance());
      return null;
    }
    const batch = takeBatch(this.queue, settings.batchSize);
    for (const { record } of batch.deliveries) this.queuedBytes -= payloadBytes(record);
    return batch;
  }

  private readAtMs(position: number): number {
    while (this.reads.length > 1 && this.reads.at(1)!.position <= position) this.reads.shift();
    return this.reads.peek()!.atMs;
  }

  private async process(whole: Batch): Promise<void> {
    if (this.retired) return;
    const batch = await this.discardExpired(whole);
    if (this.retired) return;
    if (batch === null) return this.next();
    if (batch.deliveries.some(({ record }) => isOversize(record))) {
      await this.discard(batch, 'RecordTooLarge');
      if (!this.retired) this.next();
      return;
    }
    this.inFlight = batch;
    const { settings, flavour, runtime, streamArn, functionId, sourceId } = this.context;
    const outcome = await runtime.host.invoke({
      source: sourceId,
      batch: this.origin(batch),
      event: () => {
        this.countDelivery(batch);
        return flavour.event(batch, streamArn, functionId);
      },
    });
    if (this.retired) return;
    await this.settle(batch, outcome, judge(outcome, batch, settings.reportBatchItemFailures));
  }

  private async settle(
    batch: Batch,
    outcome: Outcome,
    verdict: ReturnType<typeof judge>,
  ): Promise<void> {
    if (outcome.status !== 'throttled') this.lastOutcome = outcome;
    if (verdict.kind === 'done') {
      this.fruitless = 0;
      return this.next();
    }
    const invoked =
      outcome.status === 'throttled' ? batch : { ...batch, invocations: batch.invocations + 1 };
    const plan = planRetry(invoked, verdict, this.context.settings);
    this.report(invoked, plan, verdict);
    for (const retry of plan.retry.toReversed()) this.retries.push(retry);
    if (plan.discard !== null) await this.discard(plan.discard, 'RetryAttemptsExhausted');
    if (this.retired) return;
    this.wait(plan);
  }

  private report(batch: Batch, plan: Plan, verdict: ReturnType<typeof judge>): void {
    const { runtime, functionId } = this.context;
    const named = {
      atMs: runtime.scheduler.nowMs,
      function: functionId,
      batch: this.origin(batch),
    };
    if (verdict.kind === 'cut') {
      runtime.stats.partialFailures += 1;
      const sequence = batch.deliveries[verdict.index]!.record.sequence;
      runtime.emit({ kind: 'partial-failure', ...named, sequence, acknowledged: verdict.index });
    }
    if (plan.retry.length > 1) {
      runtime.stats.bisects += 1;
      const sizes = plan.retry.map(({ deliveries }) => deliveries.length);
      runtime.emit({ kind: 'bisect', ...named, sizes });
    }
  }

  private wait({ wait }: Plan): void {
    if (wait === 'now') {
      this.next();
      return;
    }
    this.fruitless = wait === 'first' ? 1 : this.fruitless + 1;
    this.inFlight = null;
    this.owner.onProgress();
    const { scheduler } = this.context.runtime;
    this.backingOff = true;
    this.timer = scheduler.at(scheduler.nowMs + retryWaitMs(this.fruitless), () => {
      this.backingOff = false;
      this.advance();
    });
  }

  private next(): void {
    this.inFlight = null;
    this.owner.onProgress();
    this.advance();
  }

  /** Takes the records above MaximumRecordAge off the front; null when none is left. */
  private async discardExpired(batch: Batch): Promise<Batch | null> {
    const { settings, runtime } = this.context;
    if (settings.maxRecordAgeMs === null) return batch;
    const oldestMs = runtime.scheduler.nowMs - settings.maxRecordAgeMs;
    const { deliveries } = batch;
    const alive = deliveries.findIndex(({ record }) => record.arrivalMs >= oldestMs);
    if (alive === 0) return batch;
    const expired = alive < 0 ? deliveries : deliveries.slice(0, alive);
    await this.discard({ ...batch, deliveries: expired }, 'RecordAgeExceeded');
    return alive < 0 ? null : { ...batch, deliveries: deliveries.slice(alive) };
  }

  private async discard(batch: Batch, condition: Discard['condition']): Promise<void> {
    const { runtime, settings, flavour, functionId, sourceId, streamArn } = this.context;
    const nowMs = runtime.scheduler.nowMs;
    runtime.stats.discarded += batch.deliveries.length;
    runtime.emit({
      kind: 'discard',
      atMs: nowMs,
      function: functionId,
      batch: this.origin(batch),
      condition,
    });
    await runtime.onFailure(
      failureRecord({
        functionId,
        sourceId,
        streamArn,
        flavour,
        destination: settings.destination,
        batch,
        condition,
        outcome: batch.invocations === 0 ? undefined : this.lastOutcome,
        nowMs,
        random: runtime.scheduler.random,
      }),
    );
  }

  private countDelivery(batch: Batch): void {
    const { stats } = this.context.runtime;
    for (const delivery of batch.deliveries) {
      stats.deliveries += 1;
      if (this.owner.wasDelivered(delivery)) stats.redelivered += 1;
      else stats.records += 1;
    }
    this.deliveredTo = Math.max(this.deliveredTo, batch.deliveries.at(-1)!.position);
  }

  private origin(batch: Batch) {
    return describeBatch(batch, this.context.sourceId, this.index);
  }
}
