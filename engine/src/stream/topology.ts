import { EngineError } from '../error';
import { evenHashRanges } from './hash-key';
import { Shard, type ShardDefinition } from './shard';

/** Builds the shards with their lineage. A parent that is not listed has left the retention period. */
export function buildShards(stream: string, definitions: readonly ShardDefinition[]): Shard[] {
  if (definitions.length === 0) throw new EngineError(`stream ${stream} has no shards`);
  const unranged = definitions.filter(({ hash }) => hash === null);
  const shares = evenHashRanges(Math.max(1, unranged.length));
  const byId = new Map<string, Shard>();
  for (const definition of definitions) {
    const { id, hash } = definition;
    if (byId.has(id)) throw new EngineError(`stream ${stream} lists shard ${id} twice`);
    const range =
      hash === null ? shares[unranged.indexOf(definition)]! : parseRange(stream, id, hash);
    byId.set(id, new Shard(id, range));
  }
  for (const { id, parent, adjacent } of definitions) link(byId, id, [parent, adjacent]);
  return [...byId.values()];
}

function link(byId: Map<string, Shard>, id: string, parents: (string | null)[]): void {
  const child = byId.get(id)!;
  for (const parentId of new Set(parents)) {
    const parent = parentId === null ? undefined : byId.get(parentId);
    if (parent === undefined) continue;
    child.parents.push(parent);
    parent.children.push(child);
  }
}

function parseRange(stream: string, id: string, [from, to]: readonly [string, string]) {
  if (!/^\d+$/.test(from) || !/^\d+$/.test(to)) {
    throw new EngineError(
      `stream ${stream}: shard ${id} has no decimal hash range: ${from}..${to}`,
    );
  }
  return [BigInt(from), BigInt(to)] as const;
}

/** The open shard that takes a hash key; one whose parents are still open is not there yet. */
export function shardFor(shards: readonly Shard[], hashKey: bigint): Shard | undefined {
  const open = shards.filter(
    ({ hash: [from, to], closed }) => from <= hashKey && hashKey <= to && !closed,
  );
  return open.find(({ parents }) => parents.every(({ closed }) => closed)) ?? open[0];
}
