import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { types } from 'node:util';
import { byteBlocks, LINE_BYTES_MAX } from './byte-blocks';
import { LineParser, type Trailer } from './line-parser';
import type { RecordedRecord, RecordingHeader, RecordingSummary } from './record';
import { RecordingError } from './recording-error';

export interface ReadOptions {
  /** Accepts a recording that was cut off, or whose trailer is wrong, with a warning. */
  readonly partial?: boolean;
  readonly warn?: (message: string) => void;
  /** Called before the first record. */
  readonly onHeader?: (header: RecordingHeader) => void;
}

/** Called for each record in the order of the file; reading waits for a promise. */
export type Visit = (record: RecordedRecord) => void | Promise<void>;

/**
 * Reads `.ndjson` or `.ndjson.gz` in constant memory and checks all of it.
 * @throws RecordingError naming the file, the line and what was expected there
 */
export async function readRecording(
  path: string,
  options: ReadOptions,
  visit: Visit,
): Promise<RecordingSummary> {
  const reading = new Reading(path, options, visit);
  try {
    for await (const block of byteBlocks(path)) await reading.block(block);
  } catch (error) {
    throw isDamagedGzip(error) ? reading.damaged(error) : error;
  }
  return reading.end();
}

const NEWLINE = 0x0a;

class Reading {
  readonly #path: string;
  readonly #partial: boolean;
  readonly #warn: (message: string) => void;
  readonly #onHeader: ((header: RecordingHeader) => void) | undefined;
  readonly #visit: Visit;
  readonly #parser: LineParser;
  readonly #hash = createHash('sha256');
  #ended = false;
  #complete = false;

  constructor(path: string, options: ReadOptions, visit: Visit) {
    this.#path = path;
    this.#partial = options.partial ?? false;
    this.#warn = options.warn ?? (() => {});
    this.#onHeader = options.onHeader;
    this.#visit = visit;
    this.#parser = new LineParser(path, this.#warn);
  }

  async block(bytes: Buffer): Promise<void> {
    const valid = isUtf8(bytes);
    let start = 0;
    while (start < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, start);
      const end = newline < 0 ? bytes.length : newline;
      this.#parser.line += 1;
      const line = bytes.subarray(start, end);
      if (this.#ended) this.#parser.fail('expected nothing behind the trailer, got another line');
      if (line.length > LINE_BYTES_MAX) {
        this.#parser.fail(`expected a line of at most ${LINE_BYTES_MAX} bytes, got a longer one`);
      }
      if (newline < 0 && this.#parser.header !== null && !isJson(line)) return this.#cutLine();
      await this.#line(line, valid, () => bytes.subarray(0, start));
      start = end + 1;
    }
    if (!this.#ended) this.#hash.update(bytes);
  }

  async #line(line: Buffer, validBlock: boolean, hashedBefore: () => Buffer): Promise<void> {
    if (!validBlock && !isUtf8(line)) this.#parser.fail('expected UTF-8, got other bytes');
    const parsed = this.#parser.parse(line.toString('utf8'));
    if (parsed.kind === 'record') {
      const pending = this.#visit(parsed.record);
      if (pending !== undefined) await pending;
    } else if (parsed.kind === 'header') {
      this.#onHeader?.(parsed.header);
    } else {
      this.#hash.update(hashedBefore());
      this.#checkTrailer(parsed.trailer);
    }
  }

  /** The last line, without a newline and not JSON: what is left of it is nobody's record. */
  #cutLine(): void {
    this.#tolerate('expected the trailer {"kind":"end",…}, got a line that is cut off');
    this.#ended = true;
  }

  #checkTrailer(trailer: Trailer): void {
    this.#ended = true;
    const sha256 = this.#hash.digest('hex');
    const { records } = this.#parser;
    if (trailer.records !== records) {
      this.#tolerate(`records: expected ${records}, the records above, got ${trailer.records}`);
    } else if (trailer.sha256 !== sha256) {
      this.#tolerate(`sha256: expected ${sha256} for the lines above, got ${trailer.sha256}`);
    } else {
      this.#complete = true;
    }
  }

  end(): RecordingSummary {
    const { header, records } = this.#parser;
    if (!this.#ended) this.#parser.line += 1;
    if (header === null) {
      return this.#parser.fail('expected the header {"kind":"header","v":1}, got an empty file');
    }
    if (!this.#ended) {
      this.#tolerate('expected the trailer {"kind":"end",…}, got the end of the file');
    }
    return { header, shards: this.#parser.shards(), records, complete: this.#complete };
  }

  damaged(error: Error): RecordingError {
    return new RecordingError(
      this.#here(`expected gzip data, got damaged data (${error.message})`, 1),
    );
  }

  #tolerate(problem: string): void {
    if (!this.#partial) this.#parser.fail(`${problem} (--partial reads it anyway)`);
    this.#warn(this.#here(problem));
  }

  #here(text: string, ahead = 0): string {
    return `${this.#path}: line ${this.#parser.line + ahead}: ${text}`;
  }
}

function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString('utf8'));
    return isUtf8(line);
  } catch {
    return false;
  }
}

function isDamagedGzip(error: unknown): error is Error {
  return (
    types.isNativeError(error) && String((error as NodeJS.ErrnoException).code).startsWith('Z_')
  );
}
