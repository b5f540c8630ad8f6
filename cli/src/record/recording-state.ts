import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import type { StreamShard } from '@millrace/adapters/aws/kinesis-reader';
import { UsageError } from '../exit';
import { kindOf } from '../files/link';
import { replaceFile } from '../files/write-file';

/** How far a shard has been read. */
export interface ShardProgress {
  /** Of the last record taken from it, kept or not; null before the first. */
  readonly sequence: string | null;
  /** Closed and read to its end, or read up to `--to`. */
  readonly done: boolean;
}

/** What an interrupted recording needs to go on; written beside the recording. */
export interface RecordingState {
  readonly v: 1;
  readonly arn: string;
  readonly stream: string;
  readonly fromMs: number | null;
  /** What decides which bytes are written; a recording is not continued with others. */
  readonly settings: string;
  /** Of `--redact` when the environment gives none. */
  readonly redactKey: string;
  /** Bytes of the spool that belong to the positions below. */
  readonly spoolBytes: number;
  readonly records: number;
  readonly skipped: number;
  /** Paths of `--redact` that have found something. */
  readonly found?: readonly string[];
  readonly shards: readonly StreamShard[];
  readonly progress: Readonly<Record<string, ShardProgress>>;
}

export const statePath = (out: string) => `${out}.state.json`;
export const spoolPath = (out: string) => `${out}.spool`;

export function newRedactKey(): string {
  return randomBytes(32).toString('hex');
}

/** null when there is none. */
export async function readState(out: string): Promise<RecordingState | null> {
  kindOf(statePath(out));
  let text: string;
  try {
    text = await readFile(statePath(out), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const state = parse(text);
  if (state?.v === 1) return state;
  throw new UsageError(`${statePath(out)}: expected the state of a recording, got something else`);
}

function parse(text: string): RecordingState | null {
  try {
    return JSON.parse(text) as RecordingState | null;
  } catch {
    return null;
  }
}

/** Whole or not at all, whenever the process dies. Only the owner can read it: it holds a key. */
export async function writeState(out: string, state: RecordingState): Promise<void> {
  const path = statePath(out);
  await replaceFile(path, JSON.stringify(state), 0o600);
}

export async function removeState(out: string): Promise<void> {
  await rm(statePath(out), { force: true });
  await rm(spoolPath(out), { force: true });
}
