import type { KeyValueStore, ObjectStore } from '../port';

/** Where a commit reads and writes. */
export interface CommitPorts {
  readonly state: KeyValueStore;
  readonly results: KeyValueStore;
  readonly control: KeyValueStore;
  readonly quarantine: ObjectStore;
}
