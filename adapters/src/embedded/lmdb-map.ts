import { MillraceError, UnavailableError } from '@millrace/core/error';
import { open } from 'lmdb';
import type { OrderedMap, StoredValue } from './ordered-map';

/** LMDB allows keys of about half a page; this page takes DynamoDB's longest keys and an index. */
const PAGE_BYTES = 16_384;

/**
 * An ordered map in a folder, which is created when missing. Several processes may open it.
 * Throws `UnavailableError` when the disk does.
 */
export function openLmdbMap({ folder }: { readonly folder: string }): OrderedMap {
  const guarded = guardFor(folder);
  const database = guarded(() =>
    open<StoredValue, Buffer>({
      path: folder,
      // Survives a killed process, not a power cut; the data is a laptop's and can be replayed.
      noSync: true,
      keyEncoding: 'binary',
      encoding: 'json',
      pageSize: PAGE_BYTES,
      // LMDB takes a path with a dot in its last part for a file otherwise.
      noSubdir: false,
    }),
  );

  return {
    get: (key) => guarded(() => database.get(bytesOf(key))),
    put(key, value) {
      guarded(() => database.putSync(bytesOf(key), value));
    },
    remove: (key) => guarded(() => database.removeSync(bytesOf(key))),
    *range({ from, before, reverse = false }) {
      const end = before === undefined ? AFTER_EVERY_KEY : bytesOf(before);
      const bounds = reverse
        ? // LMDB reads backwards from an inclusive start to an exclusive end.
          { start: end, exclusiveStart: true, end: bytesOf(from), inclusiveEnd: true, reverse }
        : { start: bytesOf(from), end };
      for (const { value } of database.getRange(bounds)) yield value;
    },
    transaction: (body) => guarded(() => database.transactionSync(body)),
    close: () => database.close(),
  };
}

const AFTER_EVERY_KEY = Buffer.from([0xff]);

function bytesOf(key: string): Buffer {
  return Buffer.from(key, 'utf8');
}

function guardFor(folder: string) {
  return function guarded<Result>(body: () => Result): Result {
    try {
      return body();
    } catch (error) {
      if (error instanceof MillraceError) throw error;
      throw new UnavailableError(`the store in ${folder} failed: ${String(error)}`, {
        cause: error,
      });
    }
  };
}
