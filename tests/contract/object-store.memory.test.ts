import { createObjectMemory } from '@millrace/adapters/embedded/object-memory';
import { describeObjectStore } from './object-store.suite';

describeObjectStore('embedded, in memory', async () => ({ store: createObjectMemory() }));
