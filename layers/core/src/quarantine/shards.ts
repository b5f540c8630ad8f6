import { quarantinedShardKey } from '../fold/key';
import type { KeyValueStore } from '../port';

/** Shards that one container remembers; beyond, it asks again, which costs a write each. */
const REMEMBERED_MAX = 10_000;

const registered = new WeakMap<KeyValueStore, Set<string>>();

/**
 * Lists a shard among those that have anything in the quarantine, before anything of it is indexed:
 * readers find the items of a shard by its name, and read nothing else of the table.
 */
export async function registerShard(
  control: KeyValueStore,
  at: { readonly stream: string; readonly shard: string },
): Promise<void> {
  const key = quarantinedShardKey(at);
  let known = registered.get(control);
  if (known === undefined) {
    known = new Set();
    registered.set(control, known);
  }
  if (known.has(key.sk)) return;
  await control.put({ ...key, ...{ stream: at.stream, shard: at.shard } }, { kind: 'absent' });
  if (known.size >= REMEMBERED_MAX) known.clear();
  known.add(key.sk);
}
