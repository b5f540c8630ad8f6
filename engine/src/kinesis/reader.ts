import type { ScheduledTask } from '../scheduler';
import type { LoadedRecord, Shard, ShardReader } from '../stream/shard';
import { type Delivery, payloadBytes } from './batch';
import type { MappingContext } from './context';
import { Lane, type LaneOwner } from './lane';

/** One GetRecords gives so much, and five a second are allowed. */
const POLL_AGAIN_MS = 200;
const GET_RECORDS_MAX = 10_000;
const GET_BYTES_MAX = 10 * 1024 * 1024;
/**
 * How far reading runs ahead of a lane that is stuck, in records of the shard. AWS does not say;
 * without a bound one poison record would keep the whole rest of a recording in memory.
 */
const SPAN_RECORDS_MAX = 100_000;

/** Reads one shard for one mapping and deals its records to the lanes. */
export class Reader implements ShardReader, LaneOwner {
  private readonly shard: Shard;
  private readonly context: MappingContext;
  /** Readers of the shards that must be drained before this one starts. */
  private readonly parents: readonly Reader[];
  private readonly children: Reader[] = [];
  private readonly pollMs: number;
  private readonly phaseMs: number;
  private readonly readAheadMax: number;
  /** Lanes of every restart, the present ones last. */
  private readonly generations: Lane[][] = [];
  private position: number;
  private skipping = true;
  private more = false;
  private lastPollMs = Number.NEGATIVE_INFINITY;
  private task: { readonly atMs: number; readonly scheduled: ScheduledTask } | null = null;

  constructor(shard: Shard, context: MappingContext, parents: readonly Reader[]) {
    this.shard = shard;
    this.context = context;
    this.parents = parents;
    for (const parent of parents) parent.children.push(this);
    this.pollMs = context.flavour.pollMs;
    this.phaseMs = context.runtime.scheduler.random.int(this.pollMs);
    const { batchSize, parallelizationFactor } = context.settings;
    this.readAheadMax = Math.max(GET_RECORDS_MAX, 2 * batchSize * parallelizationFactor);
    this.renewLanes(parallelizationFactor);
    // A new reader needs everything until it knows where it starts.
    this.position = shard.attach(this);
  }

  /** The lowest unfinished record over the lanes: what a restart begins with. */
  get checkpoint(): number {
    let lowest = this.position;
    for (const lane of this.lanes) lowest = Math.min(lowest, lane.lowestUnfinished ?? lowest);
    return lowest;
  }

  /** Whether everything visible in the shard is processed. */
  get caughtUp(): boolean {
    return this.position === this.shard.end && this.lanes.every(({ idle }) => idle);
  }

  wasDelivered({ record, position }: Delivery): boolean {
    return this.generations.some((lanes) => laneOf(lanes, record).hasDelivered(position));
  }

  onProgress(): void {
    this.shard.trim();
    this.poke();
    if (this.caughtUp) this.wakeChildren();
  }

  /** Sees to it that the shard is polled when there is something to read. */
  poke(): void {
    const atMs = this.nextPollMs();
    if (this.task !== null && this.task.atMs <= (atMs ?? Number.POSITIVE_INFINITY)) return;
    this.task?.scheduled.cancel();
    this.task = null;
    if (atMs === null) return;
    const scheduled = this.context.runtime.scheduler.at(atMs, () => this.poll());
    this.task = { atMs, scheduled };
  }

  stop(): void {
    this.task?.scheduled.cancel();
    this.task = null;
    for (const lane of this.lanes) lane.retire();
    this.shard.detach(this);
  }

  /** Goes back to the checkpoint; records above it that other lanes had finished come again. */
  restart(parallelizationFactor: number): void {
    this.position = this.checkpoint;
    for (const lane of this.lanes) lane.retire();
    this.renewLanes(parallelizationFactor);
    this.poke();
  }

  private get lanes(): readonly Lane[] {
    return this.generations.at(-1)!;
  }

  private renewLanes(count: number): void {
    this.generations.push(
      Array.from({ length: count }, (_, index) => new Lane(index, this.context, this)),
    );
  }

  /** Records that may be read before some lane has finished more. */
  private get room(): number {
    let room = this.readAheadMax;
    for (const lane of this.lanes) room -= lane.queued;
    return Math.min(room, SPAN_RECORDS_MAX - (this.position - this.checkpoint));
  }

  private get blocked(): boolean {
    if (this.context.stream.childrenEarly) return false;
    return this.parents.some(
      (parent) => !parent.shard.closed || !parent.caughtUp || parent.blocked,
    );
  }

  /** An empty child has nothing to finish, so its own children wait for the same parents. */
  private wakeChildren(): void {
    for (const child of this.children) {
      child.poke();
      if (child.caughtUp) child.wakeChildren();
    }
  }

  /**
   * Polls lie on a grid of `pollMs` from a phase of the shard's own. Empty polls are left out:
   * they change nothing, so the next one is that after the next record becomes visible.
   */
  private nextPollMs(): number | null {
    const { nowMs } = this.context.runtime.scheduler;
    const unread = this.position < this.shard.end;
    const visibleMs = unread ? nowMs : this.shard.pending.peek()?.arrivalMs;
    if (visibleMs === undefined || this.room <= 0) return null;
    if (unread && this.blocked) return null;
    if (unread && this.more) return Math.max(nowMs, this.lastPollMs + POLL_AGAIN_MS);
    const earliestMs = Math.max(visibleMs, nowMs, this.lastPollMs + 1);
    return this.phaseMs + Math.ceil((earliestMs - this.phaseMs) / this.pollMs) * this.pollMs;
  }

  private poll(): void {
    const { scheduler } = this.context.runtime;
    this.task = null;
    this.lastPollMs = scheduler.nowMs;
    this.context.stream.arrive();
    if (!this.blocked) this.read(scheduler.nowMs);
    for (const lane of this.lanes) lane.advance();
    this.onProgress();
  }

  private read(nowMs: number): void {
    const { lanes } = this;
    const endsAt = this.position + Math.min(GET_RECORDS_MAX, this.room);
    const beginsAt = this.position;
    let bytes = 0;
    this.more = false;
    while (this.position < this.shard.end) {
      const record = this.shard.read(this.position)!;
      bytes += payloadBytes(record);
      // One record is always given: of a stream that allows 10 MiB it may be all that fits.
      const isFull = bytes > GET_BYTES_MAX && this.position > beginsAt;
      this.more = this.position >= endsAt || isFull;
      if (this.more) return;
      const delivery = { record, position: this.position };
      this.position += 1;
      this.skipping &&= this.context.isBeforeStart(record);
      if (this.skipping || this.context.flavour.isFilteredOut?.(record)) continue;
      laneOf(lanes, record).offer(delivery, nowMs);
    }
  }
}

/**
 * AWS does not document its hash; any stable one keeps the records of a key in one lane. Nor does it say
 * where records without a key go: scattered over all lanes is the hardest that a function can meet.
 */
function laneOf(lanes: readonly Lane[], { partitionKey, sequence }: LoadedRecord): Lane {
  if (lanes.length === 1) return lanes[0]!;
  const text = partitionKey === '' ? sequence : partitionKey;
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return lanes[((hash ^ (hash >>> 16)) >>> 0) % lanes.length]!;
}
