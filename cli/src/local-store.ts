import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openLmdbMap } from '@millrace/adapters/embedded/lmdb-map';
import { createObjectFolder } from '@millrace/adapters/embedded/object-folder';
import type { OrderedMap } from '@millrace/adapters/embedded/ordered-map';
import type { ObjectStore } from '@millrace/core/port';
import { isSystemError, UsageError } from './exit';
import { kindOf } from './files/link';
import { makeFolder } from './files/make-folder';
import { isRunning } from './files/running';
import { replaceFile } from './files/write-file';

/** Where the tables and the bucket of a local run lie. */
export interface LocalData {
  readonly map: OrderedMap;
  readonly objects: ObjectStore;
}

/** `store.json` of a store's folder. */
export interface StoreNote {
  readonly v: 1;
  /** Names of the tables within the map. */
  readonly tables: { readonly state: string; readonly results: string; readonly control: string };
  /** Text of the pipeline file: a reader of the rows needs it. */
  readonly pipeline: string;
}

/** What `store.json` holds besides: the folder of the run that made it. Absent = the store's own. */
type WrittenNote = StoreNote & { readonly data?: string };

const NOTE = 'store.json';

/** A store that readers find once it is complete, and not before: a run may be interrupted. */
export interface NewStore extends LocalData {
  complete(): Promise<void>;
}

/** A run's own folder in the store: `run-PID-TIME`. */
const RUN = /^run-(\d+)-[0-9a-z]+$/;
/** A note whose run was killed while it wrote it. */
const HALF_NOTE = /^store\.json\.part-\d+$/;

/**
 * A new store in a folder. The one that an earlier run left there stays in use until `complete`, which
 * drops it, so that an interrupted run takes nothing away; what that run leaves, the next one removes.
 * @throws UsageError when the folder holds something that is not ours
 */
export async function createLocalStore(folder: string, note: StoreNote): Promise<NewStore> {
  const names = await checkStoreFolder(folder);
  const used = dataOf(folder);
  const dead = names.filter(
    (name) => HALF_NOTE.test(name) || (RUN.test(name) && name !== used && !isInUse(name)),
  );
  for (const name of dead) await rm(join(folder, name), { recursive: true });
  await makeFolder(folder);
  const data = `run-${process.pid}-${Date.now().toString(36)}`;
  await mkdir(join(folder, data));
  const complete = async () => {
    const written: WrittenNote = { ...note, data };
    await replaceFile(join(folder, NOTE), `${JSON.stringify(written)}\n`);
    const old = used === '' || isInUse(used) ? [] : [used];
    for (const name of [...old, 'tables', 'objects']) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  };
  return { ...openLocalData(join(folder, data)), complete };
}

/** Whether the run of a folder may still be at work; its own process id used again is no sign of that. */
function isInUse(name: string): boolean {
  const pid = Number(RUN.exec(name)?.[1]);
  return pid !== process.pid && isRunning(pid);
}

/**
 * The folder within a store that holds its tables: the note says it. Without a note it is that of the
 * newest run, which was interrupted: `quarantine` reads it. `''` = the store's folder itself.
 */
function dataOf(folder: string): string {
  const note = readNote(folder);
  // The note may be a stranger's: nothing else is a folder of ours.
  if (note !== null) return RUN.test(note.data ?? '') ? (note.data as string) : '';
  const startedOf = (name: string) => Number.parseInt(name.split('-')[2] ?? '', 36);
  const names = statSync(folder, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(folder)
    : [];
  const runs = names.filter((name) => RUN.test(name));
  return runs.sort((a, b) => startedOf(a) - startedOf(b)).at(-1) ?? '';
}

/** Null when no run has left one. */
function readNote(folder: string): WrittenNote | null {
  const path = join(folder, NOTE);
  if (kindOf(path) === 'nothing') return null;
  try {
    const note = JSON.parse(readFileSync(path, 'utf8')) as WrittenNote | null;
    if (note?.v === 1) return note;
  } catch (error) {
    if (isSystemError(error)) throw error;
  }
  throw new UsageError(`${path}: expected the note of a local run, got something else`);
}

/**
 * Asked before a run, which may take minutes, by a command that must not throw away what an earlier one
 * left: quarantined bytes, and the notes of what was redriven.
 * @throws UsageError when the folder holds a store, something that is not ours, or is no folder
 */
export async function checkNewStoreFolder(folder: string): Promise<void> {
  const names = await checkStoreFolder(folder);
  if (names.length === 0) return;
  throw notAStore(
    `a new folder, got the store of an earlier run in ${folder} (--replace drops it)`,
  );
}

/**
 * Answers the names in the folder.
 * @throws UsageError when it holds something that is not ours, or is no folder
 */
export async function checkStoreFolder(folder: string): Promise<readonly string[]> {
  const names = await namesIn(folder);
  const foreign = names.find(
    (name) =>
      ![NOTE, 'tables', 'objects'].includes(name) && !RUN.test(name) && !HALF_NOTE.test(name),
  );
  if (foreign === undefined) return names;
  const got = `${folder} with ${JSON.stringify(foreign)} in it`;
  throw notAStore(`a new folder or the store of an earlier run, got ${got}`);
}

function notAStore(expected: string): UsageError {
  return new UsageError(`millrace replay: --store: expected ${expected}`);
}

/** @throws UsageError when no run left a store in the folder */
export async function openLocalStore(folder: string): Promise<LocalData & { note: StoreNote }> {
  const note = readNote(folder);
  if (note === null) {
    const how = '`millrace start` or `millrace replay --store DIR` makes one';
    throw new UsageError(`${folder}: expected the store of a local run, found none (${how})`);
  }
  return { ...openStoreData(folder), note };
}

/** Whether a run has begun a store there; `quarantine` also reads one that is not complete. */
export function hasLocalData(folder: string): boolean {
  const tables = join(folder, dataOf(folder), 'tables');
  return statSync(tables, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** What the last run that finished left in a store; of the first one also what it left unfinished. */
export function openStoreData(folder: string): LocalData {
  return openLocalData(join(folder, dataOf(folder)));
}

/**
 * Opens the folder, or makes it: `tables/` is an LMDB environment, `objects/` holds plain files.
 * @throws UsageError when one of its files is a link: LMDB writes into them also when it reads
 */
export function openLocalData(folder: string): LocalData {
  for (const name of ['tables', 'tables/data.mdb', 'tables/lock.mdb', 'objects']) {
    kindOf(join(folder, name));
  }
  return {
    map: openLmdbMap({ folder: join(folder, 'tables') }),
    objects: createObjectFolder({ folder: join(folder, 'objects') }),
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return [];
    if (isSystemError(error) && error.code === 'ENOTDIR') {
      throw notAStore(`a folder, got the file ${folder}`);
    }
    throw error;
  }
}
