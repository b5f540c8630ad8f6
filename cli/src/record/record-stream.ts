import { constants, type FileHandle, open } from 'node:fs/promises';
import type {
  KinesisReader,
  ReadPage,
  ReadPosition,
  ReadRecord,
  StreamShard,
} from '@millrace/adapters/aws/kinesis-reader';
import { UNKEYED } from '@millrace/core/partition-key';
import { formatPath } from '@millrace/core/record/path';
import { openNewFile } from '../files/write-file';
import { readRecording } from '../recording/read';
import { createRecordingWriter, recordLine } from '../recording/write';
import { explicitHashKeyOf } from './placement';
import {
  type RecordingState,
  removeState,
  type ShardProgress,
  spoolPath,
  writeState,
} from './recording-state';
import { type Found, isSampled, type Redaction, redactRecord, redactText } from './redact';

export interface RecordStreamOptions {
  readonly reader: KinesisReader;
  readonly out: string;
  /** Where to begin or, of an interrupted recording, to go on. */
  readonly state: RecordingState;
  /** Arrivals from here on are left out; Infinity = until `signal`. */
  readonly toMs: number;
  /** 1 = every partition key. */
  readonly share: number;
  readonly redaction: Redaction | null;
  /** Ends the recording, which is then complete. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: RecordProgress) => void;
  /** Least time between two calls for one shard. */
  readonly pollMs?: number;
  readonly nowMs?: () => number;
}

export interface RecordProgress {
  readonly records: number;
  /** Left out because `--redact` cannot look into them. */
  readonly skipped: number;
  /** Paths of `--redact` that found nothing so far. */
  readonly notFound: readonly string[];
  readonly shards: number;
  readonly open: number;
  readonly behindMs: number;
}

/** Other readers, the function among them, share the shard's five calls a second. */
const POLL_MS = 1000;
const STATE_EVERY_MS = 1000;
/** How far Kinesis's clock may be behind ours before a record of before `--to` is missed. */
const CLOCK_SKEW_MS = 2000;

/**
 * Reads a stream into a recording until `toMs` or the signal: parents before their children, also
 * those that come to be meanwhile. The records go into a spool first, because the header names all
 * shards and stands before them. When it fails, spool and state stay, and a call with that state
 * goes on behind them.
 */
export async function recordStream(options: RecordStreamOptions): Promise<RecordProgress> {
  const run = new Run(options);
  await run.open();
  try {
    await run.readAll();
  } finally {
    await run.close();
  }
  await run.publish();
  return run.progress();
}

class Run {
  readonly #options: RecordStreamOptions;
  readonly #nowMs: () => number;
  readonly #shards = new Map<string, StreamShard>();
  readonly #progress = new Map<string, ShardProgress>();
  readonly #behindMs = new Map<string, number>();
  readonly #reading = new Map<string, Promise<void>>();
  #spool: FileHandle | undefined;
  #spoolBytes: number;
  #records: number;
  #skipped: number;
  readonly #found: Found;
  #savedMs = 0;
  #failure: { readonly error: unknown } | null = null;
  /** One writer at a time: shards are read side by side, and the state names the spool's length. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: RecordStreamOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    const { state } = options;
    this.#spoolBytes = state.spoolBytes;
    this.#records = state.records;
    this.#skipped = state.skipped;
    this.#found = new Set(state.found);
    for (const shard of state.shards) this.#addShard(shard);
    for (const [id, progress] of Object.entries(state.progress)) this.#progress.set(id, progress);
  }

  async open(): Promise<void> {
    const { out } = this.#options;
    this.#spool =
      this.#spoolBytes === 0
        ? await openNewFile(spoolPath(out))
        : await open(spoolPath(out), constants.O_RDWR | constants.O_NOFOLLOW);
    // What was written behind the last state will be read again.
    await this.#spool.truncate(this.#spoolBytes);
    if (this.#spoolBytes === 0) await this.#append('{"kind":"header","v":1}\n');
    await this.#save();
  }

  async readAll(): Promise<void> {
    const { reader, signal } = this.#options;
    for (const shard of await reader.listShards()) this.#addShard(shard);
    for (;;) {
      this.#startReadable();
      if (this.#reading.size === 0) break;
      await Promise.race(this.#reading.values());
      if (this.#failure !== null || signal.aborted) break;
    }
    await Promise.all(this.#reading.values());
    if (this.#failure !== null) throw this.#failure.error;
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#save().finally(() => this.#spool?.close());
  }

  /** The spool with its header and trailer, under its name. */
  async publish(): Promise<void> {
    const { out, state } = this.#options;
    const known = [...this.#shards.values()];
    // A parent that retention removed has no records here to wait for.
    const listed = (id: string | null) => (id !== null && this.#shards.has(id) ? id : null);
    const shards = known.map((shard) => ({
      ...{ id: shard.id, parent: listed(shard.parent), adjacent: listed(shard.adjacent) },
      hash: shard.hash,
    }));
    const { stream, arn: origin } = state;
    const writer = await createRecordingWriter(out, { stream, shards, origin });
    await readRecording(spoolPath(out), { partial: true }, ({ data, ...record }) =>
      writer.write({ ...record, bytes: Buffer.from(data, 'base64') }),
    );
    await writer.close();
    await removeState(out);
  }

  progress(): RecordProgress {
    return {
      records: this.#records,
      skipped: this.#skipped,
      notFound: this.#notFound(),
      shards: this.#shards.size,
      open: [...this.#progress.values()].filter(({ done }) => !done).length,
      behindMs: Math.max(0, ...this.#behindMs.values()),
    };
  }

  #notFound(): string[] {
    const paths = this.#options.redaction?.paths.map(formatPath) ?? [];
    return paths.filter((path) => !this.#found.has(path));
  }

  #addShard(shard: StreamShard): void {
    if (this.#shards.has(shard.id)) return;
    this.#shards.set(shard.id, shard);
    this.#progress.set(shard.id, { sequence: null, done: false });
  }

  #isDone(id: string | null): boolean {
    return id === null || (this.#progress.get(id)?.done ?? true);
  }

  #startReadable(): void {
    if (this.#options.signal.aborted || this.#failure !== null) return;
    for (const shard of this.#shards.values()) {
      const { id, parent, adjacent } = shard;
      if (this.#reading.has(id) || this.#isDone(id)) continue;
      if (!this.#isDone(parent) || !this.#isDone(adjacent)) continue;
      const reading = this.#readShard(shard)
        .catch((error: unknown) => {
          this.#failure ??= { error };
        })
        .finally(() => {
          this.#reading.delete(id);
          this.#behindMs.delete(id);
        });
      this.#reading.set(id, reading);
    }
  }

  async #readShard(shard: StreamShard): Promise<void> {
    const { reader, signal } = this.#options;
    let iterator: string | null = null;
    while (!signal.aborted && this.#failure === null) {
      const startedMs = this.#nowMs();
      iterator ??= await reader.iterator(shard.id, this.#positionOf(shard.id));
      const page = await reader.read(iterator);
      if (page === 'expired') {
        iterator = null;
        continue;
      }
      const isLast = await this.#take(shard, page, startedMs);
      if (isLast) return;
      iterator = page.next;
      const waitMs = startedMs + (this.#options.pollMs ?? POLL_MS) - this.#nowMs();
      await pause(waitMs, signal);
    }
  }

  #positionOf(shard: string): ReadPosition {
    const sequence = this.#progress.get(shard)?.sequence ?? null;
    if (sequence !== null) return { kind: 'after', sequence };
    const { fromMs } = this.#options.state;
    return fromMs === null ? { kind: 'oldest' } : { kind: 'at', timeMs: fromMs };
  }

  /** Answers whether nothing of the shard is left to be read. */
  async #take(shard: StreamShard, page: ReadPage, askedMs: number): Promise<boolean> {
    const { toMs } = this.#options;
    const children = page.next === null ? await this.#childrenOf(page) : page.children;
    for (const child of children) this.#addShard(child);
    const end = page.records.findIndex(({ arrivalMs }) => arrivalMs >= toMs);
    const records = end < 0 ? page.records : page.records.slice(0, end);
    const isPastEnd = end >= 0 || askedMs - page.behindMs >= toMs + CLOCK_SKEW_MS;
    const done = page.next === null || isPastEnd;
    const sequence = records.at(-1)?.sequence ?? this.#progress.get(shard.id)?.sequence ?? null;
    const lines = records.map((record) => this.#lineOf(shard, record));
    this.#behindMs.set(shard.id, page.behindMs);
    await this.#inTurn(async () => {
      await this.#append(lines.join(''));
      this.#records += lines.filter((line) => line !== '').length;
      this.#progress.set(shard.id, { sequence, done });
      if (this.#nowMs() - this.#savedMs >= STATE_EVERY_MS) await this.#save();
    });
    this.#options.onProgress?.(this.progress());
    return done;
  }

  /** Some emulators end a shard without naming its children. */
  async #childrenOf(page: ReadPage): Promise<readonly StreamShard[]> {
    return page.children.length > 0 ? page.children : this.#options.reader.listShards();
  }

  /** Empty when the record is left out. */
  #lineOf(shard: StreamShard, record: ReadRecord): string {
    const { share, redaction } = this.#options;
    // Without a key there are no series to keep whole.
    const isUnkeyed = record.partitionKey === UNKEYED;
    if (!isSampled(isUnkeyed ? record.sequence : record.partitionKey, share)) return '';
    const bytes =
      redaction === null ? record.data : redactRecord(record.data, redaction, this.#found);
    if (bytes === null) {
      this.#skipped += 1;
      return '';
    }
    const hidesKey = redaction?.partitionKey === true;
    const { arrivalMs, partitionKey } = record;
    // Kinesis writes plain decimals; some emulators fill up with zeros.
    const sequence = record.sequence.replace(/^0+(?=\d)/, '');
    const line = recordLine({
      ...{ shard: shard.id, sequence, arrivalMs, bytes },
      partitionKey: hidesKey && !isUnkeyed ? redactText(partitionKey, redaction.key) : partitionKey,
      explicitHashKey: hidesKey || isUnkeyed ? null : explicitHashKeyOf(partitionKey, shard.hash),
    });
    return `${line}\n`;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #append(text: string): Promise<void> {
    if (text === '') return;
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await (this.#spool as FileHandle).write(
        ...[bytes, at, bytes.length - at, this.#spoolBytes + at],
      );
      at += bytesWritten;
    }
    this.#spoolBytes += bytes.length;
  }

  async #save(): Promise<void> {
    this.#savedMs = this.#nowMs();
    await writeState(this.#options.out, {
      ...this.#options.state,
      spoolBytes: this.#spoolBytes,
      records: this.#records,
      skipped: this.#skipped,
      found: [...this.#found],
      shards: [...this.#shards.values()],
      progress: Object.fromEntries(this.#progress),
    });
  }
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  if (durationMs <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, durationMs);
    signal.addEventListener('abort', done);
  });
}
