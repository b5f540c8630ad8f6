import { lstatSync, type Stats } from 'node:fs';
import { isSystemError, UsageError } from '../exit';

/** What stands at a path itself, a link not followed. */
export type Kind = 'nothing' | 'file' | 'folder' | 'device';

/**
 * @throws UsageError when it is a symbolic link: in a folder of others (an unpacked archive, a shared
 *   one) it may name any file of the user
 */
export function kindOf(path: string): Kind {
  const entry = statOf(path);
  if (entry === undefined) return 'nothing';
  if (entry.isSymbolicLink()) throw isLink(path);
  if (entry.isFile()) return 'file';
  return entry.isDirectory() ? 'folder' : 'device';
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A file where the path needs a folder: nothing is there.
    if (isSystemError(error) && error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

export function isLink(path: string): UsageError {
  return new UsageError(`${path}: expected a file or a folder, got a symbolic link`);
}
