import { getHeapStatistics } from 'node:v8';
import type { RecordedRecord } from './record';
import { atLine } from './recording-error';

/**
 * What a record takes beside its texts, here and in the engine's stream: measured on 300,000 small
 * records, which a heap of 250 MB holds and one of 180 MB does not.
 */
const RECORD_BYTES = 400;

/** The rest is for the application that the records run through. */
const SHARE_OF_HEAP_MAX = 0.85;

const MIB = 1024 * 1024;

/**
 * Bounds a recording that is held in memory as a whole: a small `.gz` may hold gigabytes, and a heap
 * that is full ends the process without a word about the file.
 */
export class HeldBytes {
  readonly #path: string;
  readonly #bytesMax: number;
  #bytes = 0;
  #records = 0;

  /** @param bytesMax absent = 85 % of what this process's heap may grow to */
  constructor(path: string, bytesMax = SHARE_OF_HEAP_MAX * getHeapStatistics().heap_size_limit) {
    this.#path = path;
    this.#bytesMax = bytesMax;
  }

  /** @throws RecordingError at the first record that does not fit, with its line */
  add({ data, shard, sequence, partitionKey }: RecordedRecord): void {
    this.#records += 1;
    const texts = data.length + shard.length + sequence.length + partitionKey.length;
    this.#bytes += RECORD_BYTES + texts;
    if (this.#bytes <= this.#bytesMax) return;
    const room = `${Math.floor(this.#bytesMax / MIB)} MiB`;
    // The header is line 1, and each line behind it holds a record.
    throw atLine(
      this.#path,
      this.#records + 1,
      `expected a recording that fits into ${room} of memory, got a larger one (NODE_OPTIONS=--max-old-space-size=MB gives more)`,
    );
  }
}
