import type { ObjectStore } from '@millrace/core/port';

/**
 * An object store that is made when it is first used. Quarantine is rare, and the S3 client is the
 * largest part of a function to initialise: `load` can import it then.
 */
export function lazyObjects(load: () => Promise<ObjectStore>): ObjectStore {
  let store: Promise<ObjectStore> | undefined;

  async function loaded(): Promise<ObjectStore> {
    store ??= load();
    try {
      return await store;
    } catch (error) {
      // The next use tries again.
      store = undefined;
      throw error;
    }
  }

  return {
    create: async (key, bytes, metadata) => (await loaded()).create(key, bytes, metadata),
    get: async (key) => (await loaded()).get(key),
    list: async (options) => (await loaded()).list(options),
    delete: async (key) => (await loaded()).delete(key),
  };
}
