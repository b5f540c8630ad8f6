import { evenHashRanges } from '@millrace/engine/stream/hash-key';
import type { RecordedShard } from '../../recording/record';

/**
 * Gives hash ranges to shards of a recording that does not say them: the youngest shards share the
 * hash keys equally, and a parent has what its children have. So there is always an open shard for
 * whatever is put into the stream behind the recorded records.
 */
export function completeRanges(shards: readonly RecordedShard[]): readonly RecordedShard[] {
  if (shards.every(({ hash }) => hash !== null)) return shards;
  const children = childrenOf(shards);
  const youngest = shards.filter(({ id }) => !children.has(id));
  const even = evenHashRanges(youngest.length);
  const ranges = new Map(youngest.map(({ id }, index) => [id, even[index] as Range]));
  for (const { id } of shards) rangeOf(id, children, ranges);
  return shards.map((shard) => {
    const [first, last] = ranges.get(shard.id) as Range;
    return { ...shard, hash: [String(first), String(last)] };
  });
}

type Range = readonly [bigint, bigint];

function childrenOf(shards: readonly RecordedShard[]): Map<string, string[]> {
  const children = new Map<string, string[]>();
  for (const { id, parent, adjacent } of shards) {
    for (const ancestor of [parent, adjacent]) {
      if (ancestor !== null) children.set(ancestor, [...(children.get(ancestor) ?? []), id]);
    }
  }
  return children;
}

/** The range over all children, remembered; the header's lineage has no circles. */
function rangeOf(
  id: string,
  children: ReadonlyMap<string, readonly string[]>,
  ranges: Map<string, Range>,
): Range {
  const known = ranges.get(id);
  if (known !== undefined) return known;
  const parts = (children.get(id) ?? []).map((child) => rangeOf(child, children, ranges));
  const ends = parts.flat().sort((a, b) => (a < b ? -1 : 1));
  const first = ends[0] as bigint;
  const last = ends.at(-1) as bigint;
  ranges.set(id, [first, last]);
  return [first, last];
}
