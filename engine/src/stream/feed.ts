import { EngineError } from '../error';
import type { Scheduler } from '../scheduler';
import type { LoadedRecord } from './shard';

export type RecordSource = Iterable<LoadedRecord> | AsyncIterable<LoadedRecord>;

/** Virtual time that is always read in advance, and the most that is, when records are sparse. */
const AHEAD_MS_MIN = 1_000;
const AHEAD_MS_MAX = 60_000;
/** Records held before their time, beyond those of the next second. */
const AHEAD_RECORDS_MAX = 50_000;

export interface FeedOptions {
  readonly stream: string;
  readonly scheduler: Scheduler;
  readonly source: RecordSource;
  /** Takes a record that is not yet visible. */
  readonly accept: (record: LoadedRecord) => void;
  /** Number of records accepted whose time has not come. */
  readonly pending: () => number;
  readonly onRead: () => void;
}

/**
 * Pulls a long recording as virtual time goes on, so that memory does not grow with its length.
 * The source must be in order of arrival across shards, to within the time read in advance.
 */
export class Feed {
  ended = false;
  private readonly options: FeedOptions;
  private readonly next: () => IteratorResult<LoadedRecord> | Promise<IteratorResult<LoadedRecord>>;
  private readonly lastArrivalMs = new Map<string, number>();
  private frontMs = Number.NEGATIVE_INFINITY;
  /** What arrives by then must have been read before; nothing is asked of the first reading. */
  private passedMs = Number.NEGATIVE_INFINITY;
  private first = true;

  constructor(options: FeedOptions) {
    this.options = options;
    const { source, scheduler } = options;
    const iterator =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    this.next = () => iterator.next();
    scheduler.at(scheduler.nowMs, () => this.pump());
  }

  private async pump(): Promise<void> {
    const { scheduler, onRead } = this.options;
    const nowMs = scheduler.nowMs;
    if (!this.first) this.passedMs = nowMs;
    this.first = false;
    await scheduler.hold(() => this.pull(nowMs));
    onRead();
    if (this.ended) return;
    const halfwayMs = nowMs + Math.min(AHEAD_MS_MAX, this.frontMs - nowMs) / 2;
    const againMs = Math.max(
      this.frontMs - AHEAD_MS_MAX,
      Math.min(halfwayMs, this.frontMs - AHEAD_MS_MIN),
    );
    scheduler.at(Math.floor(againMs), () => this.pump());
  }

  private async pull(nowMs: number): Promise<void> {
    while (!this.ended && this.isWanted(nowMs)) {
      const step = this.next();
      // Awaiting a plain value would cost a microtask for every record.
      const result = 'then' in step ? await step : step;
      if (result.done === true) this.ended = true;
      else this.take(result.value);
    }
  }

  private isWanted(nowMs: number): boolean {
    if (this.frontMs <= nowMs + AHEAD_MS_MIN) return true;
    return this.frontMs <= nowMs + AHEAD_MS_MAX && this.options.pending() < AHEAD_RECORDS_MAX;
  }

  private take(record: LoadedRecord): void {
    const visibleMs = Math.max(
      record.arrivalMs,
      this.lastArrivalMs.get(record.shard) ?? Number.NEGATIVE_INFINITY,
    );
    if (visibleMs <= this.passedMs) {
      const { shard, sequence } = record;
      throw new EngineError(
        `stream ${this.options.stream}: record ${shard}:${sequence} comes after its time; records are not in order of arrival, so load them as one array`,
      );
    }
    this.lastArrivalMs.set(record.shard, visibleMs);
    this.frontMs = Math.max(this.frontMs, visibleMs);
    this.options.accept(record);
  }
}
