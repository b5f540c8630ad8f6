import { incidentKey, rowKey, type SeriesKey } from '../fold/key';
import type { Outbox, RowOutput } from '../fold/state';
import type { Item } from '../port';
import type { KeptFor } from '../quarantine/bytes';
import { indexOutput } from '../quarantine/entry';
import { registerShard } from '../quarantine/shards';
import { forEachBounded } from './bounded';
import type { CommitPorts } from './ports';

/** Writes of one kind in flight for one series. */
const PARALLEL_WRITES_MAX = 16;

/**
 * Writes what a committed state owes: rows first, then incident transitions, then quarantine index
 * items. Repeating it changes nothing, and a late repetition never undoes a newer row.
 */
export async function writeOutbox(
  ports: CommitPorts,
  key: SeriesKey,
  outbox: Outbox,
  keptFor: KeptFor,
): Promise<void> {
  await forEachBounded(outbox.rows, PARALLEL_WRITES_MAX, async (row) => {
    await ports.results.put(rowItem(key, row, outbox.version), {
      kind: 'absentOrAtMost',
      attribute: 'sv',
      value: outbox.version,
    });
  });
  for (const incident of outbox.incidents) {
    const item = { ...incidentKey(key, incident), body: JSON.stringify(incident) };
    await ports.results.put(item, { kind: 'absent' });
  }
  if (outbox.quarantine.length === 0) return;
  const [stream, shard] = splitSource(outbox.shard);
  await registerShard(ports.control, { stream, shard });
  await forEachBounded(outbox.quarantine, PARALLEL_WRITES_MAX, (entry) =>
    indexOutput(ports, entry, { key, stream, shard }, keptFor),
  );
}

function rowItem(key: SeriesKey, row: RowOutput, stateVersion: number): Item {
  return { ...rowKey(key, row.startMs), sv: stateVersion, rev: row.rev, body: JSON.stringify(row) };
}

/** Stream names hold no slash. */
function splitSource(source: string): [string, string] {
  const at = source.indexOf('/');
  return [source.slice(0, at), source.slice(at + 1)];
}
