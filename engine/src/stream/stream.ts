import type { StreamEntry, StreamWriter } from '@millrace/core/port';
import { localArn } from '../arn';
import { EngineError } from '../error';
import type { Scheduler } from '../scheduler';
import { Feed, type RecordSource } from './feed';
import { hashKeyOf } from './hash-key';
import { freshSequence, sequenceBetween } from './sequence';
import type { LoadedRecord, Shard, ShardDefinition } from './shard';
import { buildShards, shardFor } from './topology';

export interface StreamOptions {
  /** Logical id in the template; the ARN is made from it. */
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly shards: readonly ShardDefinition[];
  /** A fault: shards are read without waiting for their parents. */
  readonly childrenEarly?: boolean;
}

interface LastPlace {
  shard: Shard;
  arrivalMs: number;
}

/** An in-memory Kinesis stream: recorded records become visible at their time, put ones at once. */
export class EngineStream {
  readonly name: string;
  readonly arn: string;
  readonly shards: readonly Shard[];
  readonly childrenEarly: boolean;
  readonly writer: StreamWriter = { put: async (entries) => this.put(entries) };
  private readonly scheduler: Scheduler;
  private readonly byId: ReadonlyMap<string, Shard>;
  private readonly feeds: Feed[] = [];
  private readonly listeners = new Set<() => void>();
  /** Of every partition key seen: grows with the keys, not with the records. One shard needs none. */
  private readonly lastPlaces = new Map<string, LastPlace>();
  private pending = 0;
  private loaded = false;
  private puts = 0;

  constructor({ name, scheduler, shards, childrenEarly = false }: StreamOptions) {
    this.name = name;
    this.childrenEarly = childrenEarly;
    this.arn = localArn('kinesis', `stream/${name}`);
    this.scheduler = scheduler;
    this.shards = buildShards(name, shards);
    this.byId = new Map(this.shards.map((shard) => [shard.id, shard]));
  }

  /**
   * Adds recorded records. An array may hold its shards in any order, each in the order of its
   * sequence numbers; an iterable is pulled as virtual time goes on and must be in order of arrival.
   * A record is never visible before its predecessor in the shard.
   *
   * @throws EngineError when a record names a shard the stream does not have
   */
  load(records: readonly LoadedRecord[] | RecordSource): void {
    if (!Array.isArray(records)) {
      this.loaded = true;
      this.feeds.push(
        new Feed({
          stream: this.name,
          scheduler: this.scheduler,
          source: records as RecordSource,
          accept: (record) => this.accept(record),
          pending: () => this.pending,
          onRead: () => this.notify(),
        }),
      );
      return;
    }
    this.loaded ||= records.length > 0;
    for (const record of records as readonly LoadedRecord[]) this.accept(record);
    this.notify();
  }

  /** Whether every recorded record is visible. */
  get exhausted(): boolean {
    return this.pending === 0 && this.feeds.every(({ ended }) => ended);
  }

  /** Makes visible what has arrived by now. */
  arrive(): void {
    if (this.pending === 0) return;
    const nowMs = this.scheduler.nowMs;
    for (const shard of this.shards) {
      for (;;) {
        const record = shard.pending.peek();
        if (record === undefined || record.arrivalMs > nowMs) break;
        shard.pending.shift();
        this.pending -= 1;
        this.append(shard, record);
      }
    }
  }

  /** Calls back when records were put or loaded. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private accept(record: LoadedRecord): void {
    const shard = this.byId.get(record.shard);
    if (shard === undefined) {
      throw new EngineError(
        `stream ${this.name} has no shard ${record.shard} (record ${record.sequence})`,
      );
    }
    shard.pending.push(record);
    this.pending += 1;
  }

  private put(entries: readonly StreamEntry[]): void {
    this.arrive();
    const nowMs = this.scheduler.nowMs;
    for (const { partitionKey, data, explicitHashKey } of entries) {
      const shard = this.place(partitionKey, explicitHashKey);
      this.append(shard, {
        shard: shard.id,
        sequence: this.nextSequence(shard, nowMs),
        partitionKey,
        arrivalMs: nowMs,
        data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
        ...(explicitHashKey === undefined ? {} : { explicitHashKey }),
      });
    }
    this.notify();
  }

  /**
   * An explicit hash key decides, as with Kinesis. Otherwise a key stays where it was last seen: a
   * re-sharded recording need not follow the hash.
   */
  private place(partitionKey: string, explicitHashKey: string | undefined): Shard {
    const last = explicitHashKey === undefined ? this.lastPlaces.get(partitionKey) : undefined;
    if (last !== undefined && !last.shard.closed) return last.shard;
    const hashKey =
      explicitHashKey === undefined ? hashKeyOf(partitionKey) : BigInt(explicitHashKey);
    const shard = shardFor(this.shards, hashKey);
    if (shard === undefined) {
      throw new EngineError(`stream ${this.name}: no open shard takes hash key ${hashKey}`);
    }
    return shard;
  }

  private nextSequence(shard: Shard, nowMs: number): string {
    if (!this.loaded) return freshSequence(nowMs, this.puts++);
    const unread = this.feeds.some(({ ended }) => !ended);
    return sequenceBetween(
      shard.lastSequence,
      shard.pending.peek()?.sequence ?? (unread ? 'unknown' : undefined),
    );
  }

  private append(shard: Shard, record: LoadedRecord): void {
    shard.append(record);
    if (this.shards.length === 1) return;
    const last = this.lastPlaces.get(record.partitionKey);
    if (last === undefined) {
      this.lastPlaces.set(record.partitionKey, { shard, arrivalMs: record.arrivalMs });
    } else if (record.arrivalMs >= last.arrivalMs) {
      last.shard = shard;
      last.arrivalMs = record.arrivalMs;
    }
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}

export function createStream(options: StreamOptions): EngineStream {
  return new EngineStream(options);
}
