import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import { isSystemError } from '../exit';
import { RecordingError } from './recording-error';

/** A record has at most 10 MiB of data, which is 14 MiB of base64. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024;

const READ_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;
const NOT_A_FILE: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'a folder',
};

/**
 * The decompressed bytes of a recording in blocks of whole lines; the last block may lack its
 * newline. A line longer than `LINE_BYTES_MAX` comes unfinished, for the reader to refuse.
 */
export async function* byteBlocks(path: string): AsyncGenerator<Buffer> {
  let carry: Buffer = Buffer.alloc(0);
  for await (const chunk of (await openBytes(path)) as AsyncIterable<Buffer>) {
    const bytes = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    carry = bytes.subarray(end);
    if (end > 0) yield bytes.subarray(0, end);
    if (carry.length > LINE_BYTES_MAX) break;
  }
  if (carry.length > 0) yield carry;
}

/** @throws RecordingError when the file cannot be a recording by its name and its first bytes */
export async function checkRecordingFile(path: string): Promise<void> {
  await isGzip(path);
}

async function openBytes(path: string): Promise<Readable> {
  const gzip = await isGzip(path);
  const file = createReadStream(path, { highWaterMark: READ_BYTES });
  if (!gzip) return file;
  // A cut file gives all it holds: the missing trailer then says that it was cut, and at which line.
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: READ_BYTES });
  return pipeline(file, gunzip, () => {});
}

/** Looks at the first bytes; the name is only asked whether it says the same. */
async function isGzip(path: string): Promise<boolean> {
  const magic = await firstBytes(path);
  const gzip = magic.length === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
  if (magic.length > 0 && !gzip && path.endsWith('.gz')) {
    throw new RecordingError(`${path}: line 1: expected gzip data for this name, got plain text`);
  }
  if (gzip && path.endsWith('.ndjson')) {
    throw new RecordingError(
      `${path}: line 1: expected plain text, got gzip data; name it .ndjson.gz`,
    );
  }
  return gzip;
}

async function firstBytes(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      if (!(await file.stat()).isFile()) throw notARecording(path, 'something that is not a file');
      const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    const got = isSystemError(error) ? NOT_A_FILE[error.code ?? ''] : undefined;
    throw got === undefined ? error : notARecording(path, got);
  }
}

function notARecording(path: string, got: string): RecordingError {
  return new RecordingError(`${path}: expected a recording, got ${got}`);
}
