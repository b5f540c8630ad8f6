import { ConflictError } from '@millrace/core/error';
import { escapePart } from '@millrace/core/fold/key';
import type { Condition, Item, Key, KeyValueStore } from '@millrace/core/port';
import type { Transition } from './transition';

/** Outlives every repetition (24 hours in the table stream) and any sensible cooldown. */
const KEPT_SECONDS = 400 * 24 * 3600;

/**
 * Whether the transition is an alert, given what was told of its series before. One item of the
 * Control table per (metric, series, partition key) holds the last alert. All times are event times and
 * the transitions of a key come in order, so a replay comes to the same answers; a repetition finds its
 * own claim and gets the answer it got before.
 *
 * @throws ConflictError when another invocation claimed in between: the event source comes again
 */
export async function claimAlert(
  control: KeyValueStore,
  transition: Transition,
  cooldownMs: number,
): Promise<boolean> {
  const key = claimKey(transition);
  const [last] = await control.getMany([key]);
  const { windowMs } = transition;
  if (last?.transition === transition.transition) return true;
  if (last?.incident === transition.id) return false;
  const lastMs = last === undefined ? Number.NEGATIVE_INFINITY : Number(last.atMs);
  if (Math.abs(windowMs - lastMs) < cooldownMs) return false;
  // Older than the last alert and far from it: told of, and the clock of the cooldown stays.
  if (windowMs < lastMs) return true;
  const condition: Condition =
    last === undefined
      ? { kind: 'absent' }
      : { kind: 'equals', attribute: 'transition', value: String(last.transition) };
  const claim: Item = {
    ...key,
    atMs: windowMs,
    incident: transition.id,
    transition: transition.transition,
    ttl: Math.ceil((windowMs + cooldownMs) / 1000) + KEPT_SECONDS,
  };
  if ((await control.put(claim, condition)) === 'written') return true;
  throw new ConflictError('the cooldown of a series was claimed at the same time');
}

/** `K#`: the prefix is part of the function's permission on the table. */
function claimKey({ metric, series, part }: Transition): Key {
  return { pk: `K#${escapePart(metric)}#${escapePart(series)}`, sk: part };
}
