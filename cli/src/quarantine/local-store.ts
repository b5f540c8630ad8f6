import { statSync } from 'node:fs';
import { join } from 'node:path';
import { openLmdbMap } from '@millrace/adapters/embedded/lmdb-map';
import { createObjectFolder } from '@millrace/adapters/embedded/object-folder';
import type { OrderedMap } from '@millrace/adapters/embedded/ordered-map';
import type { ObjectStore } from '@millrace/core/port';

/** Tables and objects of a local application, kept in one folder. */
export interface LocalStore {
  readonly map: OrderedMap;
  readonly objects: ObjectStore;
}

/** Opens the folder, or makes it: `tables/` is an LMDB environment, `objects/` holds plain files. */
export function openLocalStore(folder: string): LocalStore {
  return {
    map: openLmdbMap({ folder: join(folder, 'tables') }),
    objects: createObjectFolder({ folder: join(folder, 'objects') }),
  };
}

export function isLocalStore(folder: string): boolean {
  return statSync(join(folder, 'tables'), { throwIfNoEntry: false })?.isDirectory() ?? false;
}
