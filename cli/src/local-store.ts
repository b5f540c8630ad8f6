import { statSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLmdbMap } from '@millrace/adapters/embedded/lmdb-map';
import { createObjectFolder } from '@millrace/adapters/embedded/object-folder';
import type { OrderedMap } from '@millrace/adapters/embedded/ordered-map';
import type { ObjectStore } from '@millrace/core/port';
import { isSystemError, UsageError } from './exit';
import { makeFolder } from './make-folder';

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

const NOTE = 'store.json';

/** A store that readers find once it is complete, and not before: a run may be interrupted. */
export interface NewStore extends LocalData {
  complete(): Promise<void>;
}

/**
 * A new store in a folder, in place of the one an earlier run left there.
 * @throws UsageError when the folder holds something that is not ours
 */
export async function createLocalStore(folder: string, note: StoreNote): Promise<NewStore> {
  const names = await checkStoreFolder(folder);
  for (const name of names) await rm(join(folder, name), { recursive: true });
  await makeFolder(folder);
  const complete = () => writeFile(join(folder, NOTE), `${JSON.stringify(note)}\n`);
  return { ...openLocalData(folder), complete };
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
  const foreign = names.find((name) => ![NOTE, 'tables', 'objects'].includes(name));
  if (foreign === undefined) return names;
  const got = `${folder} with ${JSON.stringify(foreign)} in it`;
  throw notAStore(`a new folder or the store of an earlier run, got ${got}`);
}

function notAStore(expected: string): UsageError {
  return new UsageError(`millrace replay: --store: expected ${expected}`);
}

/** @throws UsageError when no run left a store in the folder */
export async function openLocalStore(folder: string): Promise<LocalData & { note: StoreNote }> {
  let text: string;
  try {
    text = await readFile(join(folder, NOTE), 'utf8');
  } catch (error) {
    if (!isSystemError(error) || !['ENOENT', 'ENOTDIR'].includes(error.code ?? '')) throw error;
    const how = '`millrace start` or `millrace replay --store DIR` makes one';
    throw new UsageError(`${folder}: expected the store of a local run, found none (${how})`);
  }
  return { ...openLocalData(folder), note: JSON.parse(text) as StoreNote };
}

/** Whether a run has begun a store there; `quarantine` also reads one that is not complete. */
export function hasLocalData(folder: string): boolean {
  return statSync(join(folder, 'tables'), { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Opens the folder, or makes it: `tables/` is an LMDB environment, `objects/` holds plain files. */
export function openLocalData(folder: string): LocalData {
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
