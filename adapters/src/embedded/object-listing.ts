import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { compareUtf8 } from '../utf8-order';
import { foldersOfPrefix, leafOfName, partOfName, TEMPORARY } from './object-path';

export interface Listing {
  readonly folder: string;
  readonly prefix: string;
  /** Only keys behind this one. */
  readonly after: string | undefined;
  readonly keysMax: number;
}

/** Keys under a prefix in byte order, without reading folders that cannot hold any. */
export function listKeys({ folder, prefix, after, keysMax }: Listing) {
  const { folders, parts } = foldersOfPrefix(prefix);
  const keys: string[] = [];
  for (const key of keysBelow(join(folder, ...folders), parts)) {
    if (keys.length === keysMax) return { keys, next: keys[keysMax - 1]! };
    keys.push(key);
  }
  return { keys };

  function* keysBelow(path: string, base: string): Iterable<string> {
    for (const { text, path: inner, isFolder } of entriesOf(path)) {
      const key = base + text;
      if (isFolder) {
        const related = key.startsWith(prefix) || prefix.startsWith(key);
        const passed = after !== undefined && !after.startsWith(key) && !isAfter(key, after);
        if (related && !passed) yield* keysBelow(inner, key);
      } else if (key.startsWith(prefix) && (after === undefined || isAfter(key, after))) {
        yield key;
      }
    }
  }
}

interface Entry {
  /** Text of this part of the key; a folder's ends with the slash. */
  readonly text: string;
  readonly path: string;
  readonly isFolder: boolean;
}

/** In the order of the keys they stand for: a folder `a` sorts as `a/`, behind `a-b`. */
function entriesOf(folder: string): Entry[] {
  return unsortedEntriesOf(folder).sort((left, right) => compareUtf8(left.text, right.text));
}

function unsortedEntriesOf(folder: string): Entry[] {
  return direntsOf(folder).flatMap((dirent): Entry[] => {
    const path = join(folder, dirent.name);
    if (!dirent.isDirectory()) {
      const text = leafOfName(dirent.name);
      return text === undefined ? [] : [{ text, path, isFolder: false }];
    }
    if (dirent.name === TEMPORARY) return [];
    const { text, continued } = partOfName(dirent.name);
    if (!continued) return [{ text: `${text}/`, path, isFolder: true }];
    return unsortedEntriesOf(path).map((entry) => ({ ...entry, text: text + entry.text }));
  });
}

function direntsOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

function isAfter(key: string, after: string): boolean {
  return compareUtf8(key, after) > 0;
}
