import type { Item, KeyValueStore } from '../port';
import { TALLY_MARGIN_MS } from './bytes';
import { decodeGroups, UNMATCHED } from './refusals';

/** Sort key of what is left of expired entries; before all of theirs, which begin with a digit. */
export const TALLY_SK = '!tally';

/** Entries in one page. */
const PAGE_ITEMS = 1_000;
/** The first look: the last entry that is counted, and the next. A page may cost hundreds of read units. */
const LOOK_ITEMS = 2;
/** Stands for the reason of an entry that cannot be read. */
const UNREADABLE = 'unreadable';
/** JSON of the counts; metrics beyond it are counted without their name. */
const COUNTS_BYTES_MAX = 100_000;

export type ExpiredCount = readonly [reason: string, metric: string | null, count: number];

/** What the entries up to `through` counted for, without a word of what they held. */
export interface QuarantineTally {
  /** Sort key of the last entry that is counted here; readers pass over all up to it. */
  readonly through: string;
  readonly invalid: number;
  readonly unmatched: number;
  readonly counts: readonly ExpiredCount[];
}

export function tallyOf(item: Item | undefined): QuarantineTally {
  if (item === undefined) return { through: '', invalid: 0, unmatched: 0, counts: [] };
  const { through, invalid, unmatched, body } = item;
  const counts = JSON.parse(String(body)) as ExpiredCount[];
  return {
    through: String(through),
    invalid: Number(invalid),
    unmatched: Number(unmatched),
    counts,
  };
}

/** Whether an entry has outlived its bytes, and the time in which its record might come again. */
function isOver(item: Item, nowMs: number): boolean {
  return typeof item.ttl === 'number' && item.ttl * 1000 - TALLY_MARGIN_MS <= nowMs;
}

/**
 * Counts expired entries of one partition in its tally, oldest first, at most so many pages of them. The
 * tally moves over them by one conditional write, and the table's time to live removes them later: a
 * crash at any moment leaves each of them counted once. Answers how many pages it read.
 */
export async function tallyExpired(
  control: KeyValueStore,
  pk: string,
  { nowMs, pagesMax }: { readonly nowMs: number; readonly pagesMax: number },
): Promise<number> {
  const [stored] = await control.getMany([{ pk, sk: TALLY_SK }]);
  const tally = new Tallying(tallyOf(stored));
  let after: string | undefined;
  let pages = 0;
  let goesOn = true;
  while (goesOn && pages < pagesMax) {
    const limit = pages === 0 ? LOOK_ITEMS : PAGE_ITEMS;
    const range = { pk, from: tally.through === '' ? '0' : tally.through, limit };
    const page = await control.query(after === undefined ? range : { ...range, after });
    pages++;
    for (const item of page.items) {
      if (item.sk <= tally.counted) continue;
      goesOn = isOver(item, nowMs);
      if (!goesOn) break;
      tally.add(item);
    }
    after = page.next;
    goesOn &&= after !== undefined;
  }
  if (!tally.hasMoved) return pages;
  const version = Number(stored?.ver ?? 0);
  await control.put(
    { pk, sk: TALLY_SK, ver: version + 1, ...tally.attributes() },
    stored === undefined
      ? { kind: 'absent' }
      : { kind: 'equals', attribute: 'ver', value: version },
  );
  return pages;
}

class Tallying {
  readonly through: string;
  counted: string;
  #invalid: number;
  #unmatched: number;
  readonly #counts = new Map<string, { reason: string; metric: string | null; count: number }>();
  #bytes = 0;

  constructor({ through, invalid, unmatched, counts }: QuarantineTally) {
    this.through = through;
    this.counted = through;
    this.#invalid = invalid;
    this.#unmatched = unmatched;
    for (const [reason, metric, count] of counts) this.#count(reason, metric, count);
  }

  get hasMoved(): boolean {
    return this.counted !== this.through;
  }

  add(item: Item): void {
    this.counted = item.sk;
    const [invalid, unmatched] = [wholeOf(item.invalid), wholeOf(item.unmatched)];
    this.#invalid += invalid;
    this.#unmatched += unmatched;
    if (item.kind !== 'record') {
      const metric = item.metric === undefined ? null : String(item.metric);
      this.#count(String(item.reason), metric, wholeOf(item.count ?? 1));
      return;
    }
    const groups = groupsOf(item);
    if (groups === null) this.#count(UNREADABLE, null, invalid);
    for (const { reason, metric, count } of groups ?? []) this.#count(reason, metric, count);
  }

  attributes() {
    const counts = [...this.#counts.values()].map(({ reason, metric, count }) => [
      reason,
      metric,
      count,
    ]);
    const body = JSON.stringify(counts);
    return { through: this.counted, invalid: this.#invalid, unmatched: this.#unmatched, body };
  }

  #count(reason: string, metric: string | null, count: number): void {
    const name = JSON.stringify([reason, metric]);
    const known = this.#counts.get(name);
    if (known !== undefined) {
      known.count += count;
      return;
    }
    // Three bytes for a character at the most; the names of reasons without a metric are few.
    const bytes = name.length * 3 + 20;
    if (metric !== null && this.#bytes + bytes > COUNTS_BYTES_MAX) {
      this.#count(reason, null, count);
      return;
    }
    this.#bytes += bytes;
    this.#counts.set(name, { reason, metric, count });
  }
}

/** Null when an entry cannot be read: one that is spoilt must not stop the counting of the others. */
function groupsOf(item: Item): ReturnType<typeof decodeGroups> | null {
  try {
    return decodeGroups(String(item.body));
  } catch {
    return null;
  }
}

function wholeOf(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0;
}

/** Sums of several tallies, by reason; what no metric matched is no refusal. */
export function addExpired(sums: Record<string, number>, counts: readonly ExpiredCount[]): void {
  for (const [reason, , count] of counts) {
    if (reason !== UNMATCHED) sums[reason] = (sums[reason] ?? 0) + count;
  }
}
