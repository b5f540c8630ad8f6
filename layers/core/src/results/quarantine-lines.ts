import { isoTime } from '../fold/key';
import type { KeyValueStore, ObjectStore } from '../port';
import { encodeBase64 } from '../quarantine/base64';
import { readBytes } from '../quarantine/bytes';
import { byUser, eachSub, rangesOf, type SubRange } from '../quarantine/spans';
import { type Refusal, type RefusedRecord, refusedRecords, startOf } from './quarantine';
import { byText } from './rows';

/** A user record as it was put into the stream. */
export interface UserBytes {
  readonly partitionKey: string;
  readonly bytes: Uint8Array;
}

/** Takes an aggregate apart; null = the bytes are none. */
export type ReadAggregate = (bytes: Uint8Array) => readonly UserBytes[] | null;

/** One refused measurement, or all that one metric refused of one user record for one reason. */
export interface QuarantineLine {
  readonly reason: string;
  readonly detail: string;
  readonly metric: string | null;
  readonly stream: string;
  readonly shard: string;
  readonly sequence: string;
  readonly sub: number;
  readonly partitionKey: string;
  readonly arrivalMs: number;
  /** Of the user record; null = they are gone. */
  readonly data: Uint8Array | null;
  /** Only in lines of records that were refused more often than each is worth a line. */
  readonly count?: number;
  readonly subs?: readonly SubRange[];
}

/** A stream record with more refused measurements gets a line for each user record, metric and reason. */
export const LINES_MAX = 100;

export interface QuarantineStores {
  readonly control: KeyValueStore;
  readonly quarantine: ObjectStore;
}

/** Everything that was refused or late, with bytes; by stream, shard, sequence, sub, metric. */
export async function readQuarantine(
  stores: QuarantineStores,
  readAggregate: ReadAggregate,
): Promise<QuarantineLine[]> {
  const lines: QuarantineLine[] = [];
  for await (const record of refusedRecords(stores.control)) {
    const refusals = record.refusals.filter(({ kind }) => kind !== 'unmatched');
    if (refusals.length === 0) continue;
    const users = await readUsers(stores, record, readAggregate);
    lines.push(...linesOf(record, refusals, users));
  }
  return lines;
}

/** The user records of a refused record's bytes. */
export interface Users {
  /** The stream record as a whole; null = its bytes are gone. */
  readonly whole: UserBytes | null;
  /** By number; the whole record where its bytes are no aggregate. */
  of(user: number): UserBytes | null;
}

export async function readUsers(
  stores: QuarantineStores,
  record: RefusedRecord,
  readAggregate: ReadAggregate,
): Promise<Users> {
  const bytes = await readBytes(stores, record);
  if (bytes === undefined) return { whole: null, of: () => null };
  // Only of an aggregate a series may know the record and its index not.
  const whole = { partitionKey: record.partitionKey ?? '', bytes };
  const users = record.isAggregate ? readAggregate(bytes) : null;
  return { whole, of: (user) => (users === null ? whole : (users[user] ?? null)) };
}

function linesOf(
  record: RefusedRecord,
  refusals: readonly Refusal[],
  users: Users,
): QuarantineLine[] {
  const count = refusals.reduce((sum, refusal) => sum + refusal.count, 0);
  const lines = refusals.flatMap((refusal) => {
    if (refusal.cover !== undefined) return [coverLine(record, refusal, users)];
    const isEach = count <= LINES_MAX;
    return isEach ? eachLine(record, refusal, users) : userLines(record, refusal, users);
  });
  return lines.sort((a, b) => a.sub - b.sub || byText(a.metric ?? '', b.metric ?? ''));
}

function eachLine(record: RefusedRecord, refusal: Refusal, users: Users): QuarantineLine[] {
  return Array.from(eachSub(refusal.subs), ([sub, user]) =>
    line(record, refusal, sub, bytesOf(refusal, users, user)),
  );
}

function userLines(record: RefusedRecord, refusal: Refusal, users: Users): QuarantineLine[] {
  return Array.from(byUser(refusal.subs), ([user, subs]) => {
    const count = subs.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    const [[first] = [0]] = subs;
    return { ...line(record, refusal, first, bytesOf(refusal, users, user)), count, subs };
  });
}

/** Which user records they were is not known: the line has the bytes of all. */
function coverLine(record: RefusedRecord, refusal: Refusal, users: Users): QuarantineLine {
  const subs = refusal.cover === undefined ? rangesOf(refusal.subs) : [refusal.cover.subs];
  return { ...line(record, refusal, startOf(refusal), users.whole), count: refusal.count, subs };
}

function bytesOf(refusal: Refusal, users: Users, user: number): UserBytes | null {
  return refusal.isWhole ? users.whole : users.of(user);
}

function line(
  record: RefusedRecord,
  refusal: Refusal,
  sub: number,
  user: UserBytes | null,
): QuarantineLine {
  const { reason, detail, metric, seriesKey } = refusal;
  const { stream, shard, sequence, arrivalMs } = record;
  const partitionKey = seriesKey ?? user?.partitionKey ?? record.partitionKey ?? '';
  const place = { stream, shard, sequence, sub, partitionKey, arrivalMs };
  return { reason, detail, metric, ...place, data: user?.bytes ?? null };
}

/** A line of `quarantine.ndjson`. */
export function quarantineLine(view: QuarantineLine): Record<string, unknown> {
  const { reason, detail, metric, shard, sequence, sub, partitionKey, arrivalMs } = view;
  const { data, count, subs } = view;
  return {
    ...{ reason, detail, metric, shard, sequence, sub, partitionKey },
    arrival: isoTime(arrivalMs),
    data: data === null ? null : encodeBase64(data),
    ...(count !== undefined && { count, subs }),
  };
}
