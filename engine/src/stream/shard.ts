import { Queue } from '../queue';

/** A record as a stream holds it; `data` is base64 and goes into the event verbatim. */
export interface LoadedRecord {
  readonly shard: string;
  readonly sequence: string;
  readonly partitionKey: string;
  /** Epoch milliseconds. */
  readonly arrivalMs: number;
  readonly data: string;
  readonly explicitHashKey?: string;
}

export interface ShardDefinition {
  readonly id: string;
  readonly parent: string | null;
  /** The second parent after a merge. */
  readonly adjacent: string | null;
  /** First and last hash key as decimal strings; null = an equal share. */
  readonly hash: readonly [string, string] | null;
}

/** Someone who still needs the records from `checkpoint` on. */
export interface ShardReader {
  readonly checkpoint: number;
}

/**
 * One shard: a log of the visible records, by position, and behind it the recorded ones whose time
 * has not come. Records leave the log when every reader's checkpoint has passed them.
 */
export class Shard {
  readonly id: string;
  readonly hash: readonly [bigint, bigint];
  readonly parents: Shard[] = [];
  readonly children: Shard[] = [];
  readonly pending = new Queue<LoadedRecord>();
  lastSequence: string | undefined;
  private readonly log = new Queue<LoadedRecord>();
  private readonly readers = new Set<ShardReader>();
  private trimmed = 0;

  constructor(id: string, hash: readonly [bigint, bigint]) {
    this.id = id;
    this.hash = hash;
  }

  /** Position behind the last visible record. */
  get end(): number {
    return this.trimmed + this.log.length;
  }

  /**
   * A recording does not say when a shard was closed: it was, once a descendant has a record and
   * nothing more is to come here.
   */
  get closed(): boolean {
    return this.pending.length === 0 && this.children.some(({ end, closed }) => end > 0 || closed);
  }

  read(position: number): LoadedRecord | undefined {
    return this.log.at(position - this.trimmed);
  }

  append(record: LoadedRecord): void {
    this.log.push(record);
    this.lastSequence = record.sequence;
  }

  /** @returns the position to start at: the oldest record that is still held */
  attach(reader: ShardReader): number {
    this.readers.add(reader);
    return this.trimmed;
  }

  detach(reader: ShardReader): void {
    this.readers.delete(reader);
  }

  trim(): void {
    let needed = this.end;
    for (const { checkpoint } of this.readers) needed = Math.min(needed, checkpoint);
    for (; this.trimmed < needed; this.trimmed += 1) this.log.shift();
  }
}
