import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { UNKEYED } from '@millrace/core/partition-key';
import { kindOf } from '../files/link';
import { openNewFile } from '../files/write-file';
import type { RecordedShard } from './record';

export interface HeaderToWrite {
  readonly stream?: string;
  readonly shards?: readonly RecordedShard[];
  readonly origin?: string;
  readonly licence?: string;
}

export interface RecordToWrite {
  readonly shard: string;
  readonly sequence: string;
  readonly partitionKey: string;
  readonly arrivalMs: number;
  readonly explicitHashKey?: string | null;
  /** The record's exact bytes. */
  readonly bytes: Uint8Array;
}

export interface RecordingWriter {
  readonly records: number;
  /** Within a shard in sequence order. Waits while the disk is slower than the source. */
  write(record: RecordToWrite): Promise<void>;
  /** Adds the trailer and gives the file its name. */
  close(): Promise<void>;
}

const BUFFERED_BYTES = 256 * 1024;

/**
 * Writes a recording; gzip when the name ends in `.gz`. Until `close` the file is `PATH.part`, which
 * `replay --partial` can read when the process was killed.
 * @throws UsageError when one of the two is a symbolic link
 */
export async function createRecordingWriter(
  path: string,
  header: HeaderToWrite,
): Promise<RecordingWriter> {
  kindOf(path);
  const file = (await openNewFile(`${path}.part`)).createWriteStream();
  const head = new PassThrough({ highWaterMark: BUFFERED_BYTES });
  const written = path.endsWith('.gz') ? pipeline(head, createGzip(), file) : pipeline(head, file);
  written.catch(() => {}); // Reported by whoever awaits next.
  const hash = createHash('sha256');
  let lines: string[] = [];
  let bufferedLength = 0;
  let records = 0;

  async function send(text: string): Promise<void> {
    if (!head.write(text)) await Promise.race([once(head, 'drain'), written]);
  }

  async function add(line: string): Promise<void> {
    lines.push(line);
    bufferedLength += line.length;
    if (bufferedLength >= BUFFERED_BYTES) await flush();
  }

  async function flush(): Promise<void> {
    const text = lines.join('');
    lines = [];
    bufferedLength = 0;
    hash.update(text);
    await send(text);
  }

  await add(`${JSON.stringify({ kind: 'header', v: 1, ...header })}\n`);
  return {
    get records() {
      return records;
    },
    async write(record) {
      records += 1;
      await add(`${recordLine(record)}\n`);
    },
    async close() {
      await flush();
      head.end(`${JSON.stringify({ kind: 'end', records, sha256: hash.digest('hex') })}\n`);
      await written;
      await rename(`${path}.part`, path);
    },
  };
}

/** One record as a line without its newline: `j` when its bytes can stand in the line as they are. */
export function recordLine(record: RecordToWrite): string {
  const { shard: s, sequence: q, partitionKey, arrivalMs, explicitHashKey, bytes } = record;
  const p = partitionKey === UNKEYED ? null : partitionKey;
  const head = JSON.stringify({ s, q, p, a: arrivalMs / 1000, e: explicitHashKey ?? undefined });
  const text = jsonObjectText(bytes);
  const payload = text === null ? `"d":"${Buffer.from(bytes).toString('base64')}"` : `"j":${text}`;
  return `${head.slice(0, -1)},${payload}}`;
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The bytes as text if that is a JSON object on one line, so that reading gives the same bytes. */
function jsonObjectText(bytes: Uint8Array): string | null {
  if (bytes[0] !== OPEN_BRACE || bytes.at(-1) !== CLOSE_BRACE || !isUtf8(bytes)) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (/[\r\n]/.test(text)) return null;
  try {
    JSON.parse(text);
    return text;
  } catch {
    return null;
  }
}
