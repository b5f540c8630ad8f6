import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLmdbMap } from '@millrace/adapters/embedded/lmdb-map';
import { createObjectFolder } from '@millrace/adapters/embedded/object-folder';
import type { OrderedMap } from '@millrace/adapters/embedded/ordered-map';
import type { ObjectStore } from '@millrace/core/port';
import { isSystemError, UsageError } from './exit';

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
  const names = await namesIn(folder);
  const foreign = names.find((name) => ![NOTE, 'tables', 'objects'].includes(name));
  if (foreign !== undefined) {
    const problem = `expected a new folder or the store of an earlier run, got ${folder} with ${JSON.stringify(foreign)} in it`;
    throw new UsageError(`--store: ${problem}`);
  }
  for (const name of names) await rm(join(folder, name), { recursive: true });
  await mkdir(folder, { recursive: true });
  const complete = () => writeFile(join(folder, NOTE), `${JSON.stringify(note)}\n`);
  return { ...dataIn(folder), complete };
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
  return { ...dataIn(folder), note: JSON.parse(text) as StoreNote };
}

function dataIn(folder: string): LocalData {
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
    throw error;
  }
}
