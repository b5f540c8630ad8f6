import type { ObjectStore } from '@millrace/core/port';

/** An object store that is opened by its first call; an opening that failed is tried again. */
export function deferredObjects(open: () => Promise<ObjectStore>): ObjectStore {
  let opening: Promise<ObjectStore> | undefined;
  const opened = () => {
    opening ??= open().catch((error) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  return {
    create: async (...args) => (await opened()).create(...args),
    get: async (...args) => (await opened()).get(...args),
    list: async (...args) => (await opened()).list(...args),
    delete: async (...args) => (await opened()).delete(...args),
  };
}
