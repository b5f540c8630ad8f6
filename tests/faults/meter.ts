/**
 * I10: what an invocation asks of the tables. `writes <= series-batches + rows + alerts + conflicts`,
 * counted on the handler's side of the faults, so that a write which fails is a write.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { seenHash } from '@millrace/core/commit/seen-window';
import { stateKey } from '@millrace/core/fold/key';
import type { Outbox } from '@millrace/core/fold/state';
import type { Item, Key, KeyValueStore } from '@millrace/core/port';
import { isAtOrBelow } from '@millrace/core/record/sequence';
import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import { bound } from '../helper/run-scenario';
import type { Effect } from './effects';

interface Group {
  readonly entries: {
    readonly sequence: string;
    readonly sub: number;
    readonly isTick: boolean;
    readonly mark: string;
  }[];
}

/** One invocation: what it may ask, and what it did. */
interface Account {
  readonly groups: ReadonlyMap<string, Group>;
  /** Series that must be written, because something in the batch is not in them yet. */
  readonly due: Set<string>;
  read: number;
  statePuts: number;
  conflicts: number;
  /** Commits that were full: the rest of the series-batch takes another. */
  full: number;
  outputPuts: number;
  /** Rows and incident transitions of its own commits, and of outboxes it had to write again. */
  owed: number;
}

export interface MeterTotals {
  seriesBatches: number;
  stateWrites: number;
  outputWrites: number;
  conflicts: number;
}

export interface Meter {
  port<T extends object>(name: string, port: T): T;
  during<T>(event: KinesisStreamEvent, work: () => Promise<T>): Promise<T>;
  readonly violations: readonly string[];
  readonly totals: Readonly<MeterTotals>;
}

/** One for all runs: each storage that was ever entered makes every promise of the process slower. */
const current = new AsyncLocalStorage<Account>();

const VIOLATIONS_MAX = 5;
/** What a commit may carry, nearly (layers/core/src/commit/draft.ts): such a one may have been cut short. */
const FULL_BYTES = 60_000;
const FULL_QUARANTINE = 64;

/** `isExact`: nothing fails in this run, so the bounds are equalities. */
export function createMeter(
  effectsOf: (record: KinesisStreamRecord) => readonly Effect[],
  isExact: boolean,
): Meter {
  const violations: string[] = [];
  const totals = { seriesBatches: 0, stateWrites: 0, outputWrites: 0, conflicts: 0 };

  function violate(text: string): void {
    if (violations.length < VIOLATIONS_MAX) violations.push(`I10: ${text}`);
  }

  function loaded(account: Account, key: Key, item: Item | undefined): void {
    const name = nameOf(key);
    const group = account.groups.get(name);
    if (group === undefined) {
      violate(`${name} was read, and the batch does not hold it`);
      return;
    }
    account.read += 1;
    const { m } = JSON.parse(String(item?.body ?? '{"m":[]}')) as { m: EncodedMark[] };
    const isKnown = ({ sequence, sub, mark: name }: Group['entries'][number]) => {
      const mark = m.find(([source]) => source === name);
      if (mark?.[4] !== undefined) return isSeen(mark[4], { sequence, sub });
      return mark !== undefined && isAtOrBelow(sequence, sub, { sequence: mark[1], sub: mark[2] });
    };
    if (group.entries.some((entry) => !entry.isTick && !isKnown(entry))) account.due.add(name);
    if (item?.out === undefined) return;
    const outbox = JSON.parse(String(item.out)) as Outbox;
    const outboxMark = outbox.mark === undefined ? outbox.shard : outbox.mark;
    const isSettled =
      !group.entries.some((entry) => entry.mark !== outboxMark || entry.isTick || isKnown(entry)) &&
      m.some(([source]) => source === outboxMark);
    if (!isSettled) account.owed += outputsIn(outbox);
  }

  async function putState(
    account: Account,
    put: () => Promise<'written' | 'conflict'>,
    item: Item,
  ) {
    account.statePuts += 1;
    totals.stateWrites += 1;
    if (account.statePuts > account.groups.size + account.conflicts + account.full) {
      violate(
        `${account.statePuts} state writes for ${account.groups.size} series and ${account.conflicts} conflicts`,
      );
    }
    const answer = await put();
    if (answer === 'conflict') {
      account.conflicts += 1;
      totals.conflicts += 1;
      return answer;
    }
    account.due.delete(nameOf(item));
    if (item.out === undefined) return answer;
    const outbox = JSON.parse(String(item.out)) as Outbox;
    account.owed += outputsIn(outbox);
    const isFull =
      String(item.out).length >= FULL_BYTES || outbox.quarantine.length >= FULL_QUARANTINE;
    if (isFull) account.full += 1;
    return answer;
  }

  function putOutput(account: Account): void {
    account.outputPuts += 1;
    totals.outputWrites += 1;
    if (account.outputPuts > account.owed) {
      violate(`${account.outputPuts} output writes for ${account.owed} rows and alerts`);
    }
  }

  function settle(account: Account): void {
    const { groups, read, due, outputPuts, owed, conflicts } = account;
    if (conflicts > 0) violate(`${conflicts} conflicts without faults`);
    if (read !== groups.size) violate(`${read} series read for ${groups.size} in the batch`);
    if (due.size > 0) violate(`${due.size} series with new records were not written`);
    if (outputPuts !== owed) violate(`${outputPuts} output writes for ${owed} rows and alerts`);
  }

  function watchState(inner: KeyValueStore): KeyValueStore {
    return {
      ...bound(inner),
      getMany: async (keys) => {
        const items = await inner.getMany(keys);
        const account = current.getStore();
        if (account !== undefined)
          for (const [at, key] of keys.entries()) loaded(account, key, items[at]);
        return items;
      },
      put: async (item, condition) => {
        const account = current.getStore();
        const put = () => inner.put(item, condition);
        return account === undefined ? put() : putState(account, put, item);
      },
    };
  }

  function watchResults(inner: KeyValueStore): KeyValueStore {
    return {
      ...bound(inner),
      put: async (item, condition) => {
        const account = current.getStore();
        if (account !== undefined) putOutput(account);
        return inner.put(item, condition);
      },
    };
  }

  return {
    violations,
    totals,
    port: (name, port) => {
      if (name === 'state') return watchState(port as unknown as KeyValueStore) as never;
      if (name === 'results') return watchResults(port as unknown as KeyValueStore) as never;
      return port;
    },
    during: (event, work) => {
      const account = newAccount(event, effectsOf);
      totals.seriesBatches += account.groups.size;
      return current.run(account, async () => {
        const answer = await work();
        if (isExact) settle(account);
        return answer;
      });
    },
  };
}

type EncodedMark = [source: string, sequence: string, sub: number, at: number, seen?: EncodedSeen];
type EncodedSeen = readonly (readonly [string, number, number, hashes: string])[];

function isSeen(parts: EncodedSeen, place: { sequence: string; sub: number }): boolean {
  return parts.some(([, , , hashes]) => hashes.includes(seenHash(place)));
}

function newAccount(
  { Records }: KinesisStreamEvent,
  effectsOf: (record: KinesisStreamRecord) => readonly Effect[],
): Account {
  const groups = new Map<string, Group>();
  for (const record of Records) {
    for (const effect of effectsOf(record)) {
      if (effect.kind === 'item') continue;
      const name = nameOf(stateKey(effect.series));
      const group = groups.get(name) ?? { entries: [] };
      const { sequenceNumber: sequence } = record.kinesis;
      const { sub, mark } = effect;
      group.entries.push({ sequence, sub, mark, isTick: effect.kind === 'tick' });
      groups.set(name, group);
    }
  }
  const counts = { read: 0, statePuts: 0, conflicts: 0, full: 0, outputPuts: 0, owed: 0 };
  return { groups, due: new Set(), ...counts };
}

function outputsIn({ rows, incidents }: Outbox): number {
  return rows.length + incidents.length;
}

function nameOf({ pk, sk }: Key): string {
  return `${pk} ${sk}`;
}
