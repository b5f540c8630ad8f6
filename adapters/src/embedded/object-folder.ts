import {
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { MillraceError, UnavailableError } from '@millrace/core/error';
import type { ObjectStore } from '@millrace/core/port';
import { checkObjectKey, encodedMetadata, listLimit, type ObjectMetadata } from '../object-rules';
import { listKeys } from './object-listing';
import { METADATA, OTHER_LEAF, pathOfKey, TEMPORARY } from './object-path';

/**
 * An object store over a folder that people can read: `a/b.json` is the file `a/b.json`. The folder
 * is created when missing. Throws `UnavailableError` when the disk does.
 */
export function createObjectFolder({ folder }: { readonly folder: string }): ObjectStore {
  const temporary = join(folder, TEMPORARY);
  let written = 0;

  /** `a` and `a/b` can both be objects: where the name is taken by a folder, the file gives way. */
  function placesOf(key: string): { folders: string[]; paths: [string, string] } {
    const { folders, leaf } = pathOfKey(key);
    const path = join(folder, ...folders, leaf);
    return { folders, paths: [path, path + OTHER_LEAF] };
  }

  function found(paths: readonly string[]): string | undefined {
    return paths.find((path) => kindOf(path) === 'file');
  }

  function makeFolders(names: readonly string[]): void {
    let path = folder;
    for (const name of names) {
      path = join(path, name);
      if (kindOf(path) === 'file') renameSync(path, path + OTHER_LEAF);
      mkdirSync(path, { recursive: true });
    }
  }

  /** All or nothing, also when the process is killed, and never over an existing file. */
  function place(bytes: Uint8Array, path: string): 'created' | 'exists' {
    mkdirSync(temporary, { recursive: true });
    const unfinished = join(temporary, `${TEMPORARY}${process.pid}-${written++}`);
    writeFileSync(unfinished, bytes);
    try {
      linkOrCopy(unfinished, path);
      return 'created';
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return 'exists';
      throw error;
    } finally {
      rmSync(unfinished, { force: true });
    }
  }

  return guarded(folder, {
    async create(key, bytes, metadata = {}) {
      checkObjectKey(key);
      encodedMetadata(metadata);
      const { folders, paths } = placesOf(key);
      if (found(paths) !== undefined) return 'exists';
      mkdirSync(folder, { recursive: true });
      makeFolders(folders);
      // The object is there once its bytes are: what belongs to it comes first.
      if (Object.keys(metadata).length > 0) {
        writeFileSync(paths[0] + METADATA, JSON.stringify(metadata));
      }
      return place(bytes, kindOf(paths[0]) === 'folder' ? paths[1] : paths[0]);
    },

    async get(key) {
      checkObjectKey(key);
      const { paths } = placesOf(key);
      const path = found(paths);
      if (path === undefined) return undefined;
      const bytes = new Uint8Array(readFileSync(path));
      const notes = paths[0] + METADATA;
      const metadata =
        kindOf(notes) === 'file' ? (JSON.parse(readFileSync(notes, 'utf8')) as ObjectMetadata) : {};
      return { bytes, metadata };
    },

    async list({ prefix, after, limit }) {
      return listKeys({ folder, prefix, after, keysMax: listLimit(limit) });
    },

    async delete(key) {
      checkObjectKey(key);
      const { paths } = placesOf(key);
      const path = found(paths);
      if (path === undefined) return;
      rmSync(path);
      rmSync(paths[0] + METADATA, { force: true });
    },
  });
}

/** A symbolic link is neither: whatever it names is no object of this store. */
function kindOf(path: string): 'file' | 'folder' | undefined {
  try {
    const entry = lstatSync(path, { throwIfNoEntry: false });
    return entry?.isDirectory() ? 'folder' : entry?.isFile() ? 'file' : undefined;
  } catch (error) {
    // A file where the path needs a folder: nothing is there.
    if (codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Hard links are exclusive and atomic; file systems without them get an exclusive copy. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV'].includes(codeOf(error) ?? '')) throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

function guarded(folder: string, store: ObjectStore): ObjectStore {
  async function attempt<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof MillraceError) throw error;
      throw new UnavailableError(`the folder ${folder} failed: ${String(error)}`, { cause: error });
    }
  }
  return {
    create: (key, bytes, metadata) => attempt(store.create(key, bytes, metadata)),
    get: (key) => attempt(store.get(key)),
    list: (options) => attempt(store.list(options)),
    delete: (key) => attempt(store.delete(key)),
  };
}
