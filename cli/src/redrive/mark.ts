import { escapePart } from '@millrace/core/fold/key';
import type { Key, KeyValueStore } from '@millrace/core/port';

/**
 * What a run knows about one record it is to put. `mine` was never tried; `again` was claimed by a run
 * that never came back to say whether its put landed; `busy` is being put by somebody else just now.
 */
export type Claim = 'mine' | 'again' | 'busy' | 'done';

export interface Unit {
  readonly stream: string;
  readonly shard: string;
  readonly sequence: string;
  /** Number of the user record in its stream record; 0 also where that is none of several. */
  readonly user: number;
}

/** A claim this old belongs to a run that died: putting one chunk takes seconds. */
export const CLAIM_MS = 60_000;

export function markKey(unit: Unit, toStream: string): Key {
  const { stream, shard, sequence, user } = unit;
  return {
    pk: `V#${escapePart(stream)}#${escapePart(shard)}`,
    sk: `${sequence}.${user}#${escapePart(toStream)}`,
  };
}

/** Says before the put that it is about to happen, so that a crash in between is known afterwards. */
export async function claim(
  control: KeyValueStore,
  key: Key,
  { run, nowMs }: { readonly run: string; readonly nowMs: number },
): Promise<Claim> {
  const fresh = { ...key, state: 'claimed', run, claimedMs: nowMs };
  if ((await control.put(fresh, { kind: 'absent' })) === 'written') return 'mine';
  const [mark] = await control.getMany([key]);
  if (mark?.state === 'done') return 'done';
  // A write whose answer got lost meets itself.
  if (mark?.run === run) return 'mine';
  if (mark === undefined || Number(mark.claimedMs) > nowMs - CLAIM_MS) return 'busy';
  const claimed = { kind: 'equals', attribute: 'claimedMs', value: mark.claimedMs } as const;
  const taken = await control.update(key, { run, claimedMs: nowMs }, claimed as never);
  return taken === 'written' ? 'again' : 'busy';
}

export async function markDone(control: KeyValueStore, key: Key, nowMs: number): Promise<void> {
  await control.update(key, { state: 'done', doneMs: nowMs }, { kind: 'exists' });
}

export async function isDone(control: KeyValueStore, key: Key): Promise<boolean> {
  const [mark] = await control.getMany([key]);
  return mark?.state === 'done';
}
