import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { openLmdbMap } from '@millrace/adapters/embedded/lmdb-map';
import { CONTRACT_INDEXES } from './key-value-store.indexes';
import { describeKeyValueStore } from './key-value-store.suite';

describeKeyValueStore(
  'embedded, on disk',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-contract.'));
    const map = openLmdbMap({ folder });
    await createKeyValueStore({ map, table: 'neighbour' }).put({ pk: 'p', sk: 's', n: 1 });
    return {
      store: createKeyValueStore({ map, table: 'table', indexes: CONTRACT_INDEXES }),
      async close() {
        await map.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
  // Every run opens a store of its own on disk.
  { propertyRuns: 60 },
);
