import type { Group } from '@millrace/core/commit/group';

/** A series under more partition keys than this is hardly meant. */
const PARTITION_KEYS_FEW = 8;

/**
 * Series that came under more than a few partition keys in one batch: a random key for each record makes
 * every record a part with its own watermark and detector. What a batch does not show is not counted.
 */
export function spreadSeries(groups: readonly Group[]): number {
  if (groups.length <= PARTITION_KEYS_FEW) return 0;
  const keysOf = new Map<string, number>();
  let spread = 0;
  for (const { key } of groups) {
    const name = `${key.metric}\0${key.series}`;
    const keys = (keysOf.get(name) ?? 0) + 1;
    keysOf.set(name, keys);
    if (keys === PARTITION_KEYS_FEW + 1) spread++;
  }
  return spread;
}
