import type { ObjectStore } from '@millrace/core/port';
import { checkObjectKey, encodedMetadata, listLimit, type ObjectMetadata } from '../object-rules';
import { utf8Ordered } from '../utf8-order';
import { createSortedKeys } from './sorted-keys';

interface HeldObject {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly metadata: ObjectMetadata;
}

/** An object store that ends with its process. */
export function createObjectMemory(): ObjectStore {
  const objects = new Map<string, HeldObject>();
  const sorted = createSortedKeys();

  return {
    async create(key, bytes, metadata = {}) {
      checkObjectKey(key);
      encodedMetadata(metadata);
      const ordered = utf8Ordered(key);
      if (objects.has(ordered)) return 'exists';
      sorted.add(ordered);
      objects.set(ordered, { key, bytes: Uint8Array.from(bytes), metadata: { ...metadata } });
      return 'created';
    },

    async get(key) {
      checkObjectKey(key);
      const object = objects.get(utf8Ordered(key));
      if (object === undefined) return undefined;
      return { bytes: Uint8Array.from(object.bytes), metadata: { ...object.metadata } };
    },

    async list({ prefix, after, limit }) {
      const keysMax = listLimit(limit);
      const keys: string[] = [];
      const from = after === undefined ? prefix : `${after}\u0000`;
      const start = utf8Ordered(from) < utf8Ordered(prefix) ? prefix : from;
      for (const ordered of sorted.range(utf8Ordered(start), undefined, false)) {
        const { key } = objects.get(ordered)!;
        if (!key.startsWith(prefix)) break;
        if (keys.length === keysMax) return { keys, next: keys[keys.length - 1]! };
        keys.push(key);
      }
      return { keys };
    },

    async delete(key) {
      checkObjectKey(key);
      const ordered = utf8Ordered(key);
      if (objects.delete(ordered)) sorted.remove(ordered);
    },
  };
}
