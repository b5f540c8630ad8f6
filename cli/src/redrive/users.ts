import { userRecordsOf } from '@millrace/adapters/kinesis/aggregate';
import { byUser } from '@millrace/core/quarantine/spans';
import { type Refusal, startOf } from '@millrace/core/results/quarantine';
import { type QuarantineStores, readUsers } from '@millrace/core/results/quarantine-lines';
import type { FilteredRecord } from '../quarantine/entry';
import type { Unit } from './mark';

/** One user record that was refused, as it was put into its stream. */
export interface RefusedUser extends Unit {
  /** `STREAM/SHARD/SEQUENCE.SUB` of the first measurement that passed the filter. */
  readonly id: string;
  /** Of that measurement. */
  readonly reason: string;
  readonly metric: string | null;
  /** All that refused any of it, whatever the filter; null = it was refused as a whole. */
  readonly metrics: readonly (string | null)[];
  readonly reasons: readonly string[];
  readonly partitionKey: string;
  /** Null = gone. */
  readonly bytes: Uint8Array | null;
}

/**
 * The user records of a stream record of which a refusal passed the filter, in their order. Refusals
 * that were too many to be told apart are about every user record they lie between.
 */
export async function* usersOf(
  { record, refusals }: FilteredRecord,
  stores: QuarantineStores,
): AsyncGenerator<RefusedUser> {
  const { stream, shard, sequence } = record;
  const users = await readUsers(stores, record, userRecordsOf);
  const chosen = bySubOfUser(refusals);
  const all = bySubOfUser(record.refusals);
  for (const [number, found] of [...chosen].sort(([a], [b]) => a - b)) {
    const { refusal, sub } = found[0] as Found;
    const every = all.get(number) ?? found;
    const isWhole = every.some((each) => each.refusal.isWhole);
    const bytes = refusal.kind === 'unmatched' ? null : isWhole ? users.whole : users.of(number);
    yield {
      ...{ stream, shard, sequence, user: number },
      id: `${stream}/${shard}/${sequence}.${sub}`,
      reason: refusal.reason,
      metric: refusal.metric,
      metrics: every.map((each) => each.refusal.metric),
      reasons: every.map((each) => each.refusal.reason),
      partitionKey: bytes?.partitionKey ?? record.partitionKey ?? '',
      bytes: bytes?.bytes ?? null,
    };
  }
}

interface Found {
  readonly refusal: Refusal;
  /** First sub-record of the user record. */
  readonly sub: number;
}

function bySubOfUser(refusals: readonly Refusal[]): Map<number, Found[]> {
  const users = new Map<number, Found[]>();
  const add = (user: number, refusal: Refusal, sub: number) => {
    const found = users.get(user);
    if (found === undefined) users.set(user, [{ refusal, sub }]);
    else found.push({ refusal, sub });
  };
  for (const refusal of refusals) {
    const { subs, cover } = refusal;
    for (const [user, ranges] of byUser(subs)) add(user, refusal, ranges[0]?.[0] ?? 0);
    if (cover === undefined) continue;
    const [from, to] = cover.users;
    for (let user = from; user <= to; user++) add(user, refusal, startOf(refusal));
  }
  return users;
}
