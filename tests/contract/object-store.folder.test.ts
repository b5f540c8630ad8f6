import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createObjectFolder } from '@millrace/adapters/embedded/object-folder';
import { describeObjectStore } from './object-store.suite';

describeObjectStore('embedded, in a folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-contract.'));
  return {
    store: createObjectFolder({ folder }),
    async close() {
      rmSync(folder, { recursive: true });
    },
  };
});
