import { quarantineKey, quarantineObject } from '../fold/key';
import type { Item } from '../port';
import { wellFormed } from '../record/utf8';
import type { CommitPorts } from './ports';

export interface QuarantineEntry {
  readonly kind: 'invalid' | 'late' | 'unmatched';
  readonly reason: string;
  readonly detail: string;
  readonly metric: string | null;
  readonly series: string | null;
  readonly stream: string;
  readonly shard: string;
  readonly sequence: string;
  readonly sub: number;
  readonly partitionKey: string;
  readonly arrivalMs: number;
}

/** Keeps the bytes first: an index item must never point at nothing. Creates once; repeating is free. */
export async function keepBytes(
  ports: CommitPorts,
  entry: { stream: string; shard: string; sequence: string; sub: number },
  bytes: Uint8Array,
): Promise<void> {
  await ports.quarantine.create(quarantineObject(entry), bytes);
}

/**
 * The index item is what counts and what is redriven; created once, so that a redelivered record is
 * counted once. Answers false when it was there already.
 */
export async function indexQuarantined(
  ports: CommitPorts,
  entry: QuarantineEntry,
): Promise<boolean> {
  const result = await ports.control.put(quarantineItem(entry), { kind: 'absent' });
  return result === 'written';
}

/** Longest text of a detail: user code may throw a novel. */
const DETAIL_LENGTH_MAX = 500;

export function quarantineItem(entry: QuarantineEntry): Item {
  const { metric, series, ...rest } = entry;
  return {
    ...quarantineKey(entry),
    ...rest,
    partitionKey: wellFormed(entry.partitionKey),
    detail: wellFormed(entry.detail.slice(0, DETAIL_LENGTH_MAX)),
    ...(metric === null ? {} : { metric }),
    ...(series === null ? {} : { series }),
    ...(entry.kind === 'unmatched' ? {} : { object: quarantineObject(entry) }),
  };
}
