import { createKeyValueStore } from '@millrace/adapters/embedded/key-value-store';
import { createMemoryMap } from '@millrace/adapters/embedded/memory-map';
import { CONTRACT_INDEXES } from './key-value-store.indexes';
import { describeKeyValueStore } from './key-value-store.suite';

describeKeyValueStore('embedded, in memory', async () => {
  const map = createMemoryMap();
  // A second table in the same map must not be seen.
  await createKeyValueStore({ map, table: 'neighbour' }).put({ pk: 'p', sk: 's', n: 1 });
  return { store: createKeyValueStore({ map, table: 'table', indexes: CONTRACT_INDEXES }) };
});
