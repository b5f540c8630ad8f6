import { jsonBytes } from '../fold/size';
import { addSub, type Span, type SubRange } from './spans';

/** Longest text of a detail: user code may throw a novel. */
export const DETAIL_LENGTH_MAX = 500;

/** JSON of reasons, details and metrics in one entry, beyond those that no bound can leave out. */
const NAMES_BYTES_MAX = 60_000;
/** JSON of all spans in one entry. */
export const SPANS_BYTES_MAX = 40_000;
/** JSON around the names and spans of one group. */
const FRAME_BYTES = 60;

/** Sub-records that one metric, or none, refused for one reason. */
export interface RefusedGroup {
  /** `unmatched` for those that no metric wants. */
  readonly reason: string;
  /** Of the first of them. */
  readonly detail: string;
  /** Null = refused as a whole, or by metrics that were too many to be named. */
  readonly metric: string | null;
  count: number;
  subs: Span[];
  /** The spans of the group had no room: `subs` is empty, and all lie between these. */
  cover?: { subs: SubRange; users: SubRange };
}

export const UNMATCHED = 'unmatched';

/**
 * What follows from one stream record alone: the refusals and unmatched measurements of all its user
 * records, for one entry of the quarantine. Counts are exact whatever the record holds. What names them
 * is bounded: metrics beyond the room share a group for each reason, and the group with most spans gets
 * one range that covers all of them when the spans have no room.
 */
export class RecordRefusals {
  invalid = 0;
  unmatched = 0;
  readonly groups: RefusedGroup[] = [];
  readonly #byMetric = new Map<string | null, Map<string, RefusedGroup>>();
  readonly #spanBytes = new Map<RefusedGroup, number>();
  #namesBytes = 0;
  #spansBytes = 0;

  /** Sub-records of one metric come in rising order. */
  add(refusal: {
    readonly reason: string;
    readonly detail: string;
    readonly metric: string | null;
    readonly sub: number;
    readonly user: number;
  }): void {
    if (refusal.reason === UNMATCHED) this.unmatched++;
    else this.invalid++;
    const group = this.#groupOf(refusal);
    group.count++;
    this.#span(group, refusal.sub, refusal.user);
  }

  #groupOf(refusal: Pick<RefusedGroup, 'reason' | 'detail' | 'metric'>): RefusedGroup {
    const { reason, metric } = refusal;
    const known = this.#byMetric.get(metric)?.get(reason);
    if (known !== undefined) return known;
    const detail = refusal.detail.slice(0, DETAIL_LENGTH_MAX);
    const bytes = jsonBytes([reason, detail, metric]) + FRAME_BYTES;
    // Reasons are few and their names short: those without a metric always have room.
    if (metric !== null && this.#namesBytes + bytes > NAMES_BYTES_MAX) {
      return this.#groupOf({ reason, detail, metric: null });
    }
    const group = { reason, detail, metric, count: 0, subs: [] };
    this.#namesBytes += bytes;
    this.groups.push(group);
    const reasons = this.#byMetric.get(metric) ?? new Map<string, RefusedGroup>();
    this.#byMetric.set(metric, reasons.set(reason, group));
    return group;
  }

  #span(group: RefusedGroup, sub: number, user: number): void {
    if (group.cover !== undefined) {
      extend(group.cover, sub, user);
      return;
    }
    const last = group.subs.at(-1);
    // Several metrics in one group may refuse one sub-record, each counting from its own first.
    if (last !== undefined && sub <= (typeof last === 'number' ? last : last[1])) {
      this.#cover(group);
      extend(group.cover as never, sub, user);
      return;
    }
    const bytes = addSub(group.subs, sub, user);
    this.#spansBytes += bytes;
    this.#spanBytes.set(group, (this.#spanBytes.get(group) ?? 0) + bytes);
    if (this.#spansBytes > SPANS_BYTES_MAX) this.#cover(this.#longest());
  }

  #longest(): RefusedGroup {
    let [longest] = this.groups as [RefusedGroup];
    for (const [group, bytes] of this.#spanBytes) {
      if (bytes > (this.#spanBytes.get(longest) ?? 0)) longest = group;
    }
    return longest;
  }

  #cover(group: RefusedGroup): void {
    const [first = 0] = group.subs;
    const last = group.subs.at(-1) ?? first;
    const [fromSub, fromUser] = typeof first === 'number' ? [first, first] : [first[0], first[2]];
    const [toSub, toUser] = typeof last === 'number' ? [last, last] : [last[1], last[2]];
    group.cover = { subs: [fromSub, toSub], users: [fromUser ?? fromSub, toUser ?? toSub] };
    group.subs = [];
    this.#spansBytes -= this.#spanBytes.get(group) ?? 0;
    this.#spanBytes.delete(group);
  }
}

function extend(cover: NonNullable<RefusedGroup['cover']>, sub: number, user: number): void {
  const { subs, users } = cover;
  cover.subs = [Math.min(subs[0], sub), Math.max(subs[1], sub)];
  cover.users = [Math.min(users[0], user), Math.max(users[1], user)];
}

type EncodedGroup = [
  reason: string,
  metric: string | null,
  detail: string,
  count: number,
  subs: readonly Span[],
  cover?: RefusedGroup['cover'],
];

export function encodeGroups(groups: readonly RefusedGroup[]): string {
  return JSON.stringify(
    groups.map(({ reason, metric, detail, count, subs, cover }): EncodedGroup => {
      const group = [reason, metric, detail, count, subs] as const;
      return cover === undefined ? [...group] : [...group, cover];
    }),
  );
}

export function decodeGroups(body: string): RefusedGroup[] {
  return (JSON.parse(body) as EncodedGroup[]).map(
    ([reason, metric, detail, count, subs, cover]) => ({
      ...{ reason, metric, detail, count, subs: [...subs] },
      ...(cover !== undefined && { cover }),
    }),
  );
}
