/**
 * Watches the tables below all faults: what lands, in the order it lands. It knows the history that
 * was committed, and so what anybody may see, and what must be there once a batch is acknowledged.
 */

import { seenHash } from '@millrace/core/commit/seen-window';
import { STATE_VERSION } from '@millrace/core/fold/codec';
import {
  bytesKey,
  incidentKey,
  parseStateKey,
  quarantineKey,
  quarantineObject,
  rowKey,
  type SeriesKey,
  type StreamPosition,
  stateKey,
} from '@millrace/core/fold/key';
import type { Outbox } from '@millrace/core/fold/state';
import type { Item, Key, KeyValueStore, ObjectStore } from '@millrace/core/port';
import { isAtOrBelow } from '@millrace/core/record/sequence';
import { bound } from '../helper/run-scenario';

interface Commit {
  readonly version: number;
  /** Newest user record by source shard. */
  readonly marks: ReadonlyMap<string, WatchedMark>;
  /** Keys of what it owes the world, with the body a reader may see. */
  readonly owed: ReadonlyMap<string, string | null>;
}

/** A user record within its shard. */
export interface Place {
  readonly sequence: string;
  readonly sub: number;
}

type WatchedMark = Place & { readonly arrivalMs: number; readonly seen: string | null };

type EncodedMark = [
  source: string,
  sequence: string,
  sub: number,
  arrivalMs: number,
  seen?: [string, number, number, hashes: string][],
];

/** Whether a state holds a record: by the mark of its source, or by name where there is no order. */
function isHeld(place: Place, mark: WatchedMark): boolean {
  if (mark.seen !== null) return mark.seen.includes(seenHash(place));
  return isAtOrBelow(place.sequence, place.sub, mark);
}

/** How long a state must stay, by the settings of the run. */
export interface Keeping {
  readonly stateTtlMs: number;
  readonly retentionMs: number;
}

export interface Observer {
  watch<T extends object>(port: string, raw: T): T;
  /** The measurement need not come again: its commit and all that the commit owes must be there. */
  acknowledgedMeasurement(key: SeriesKey, source: string, at: Place): void;
  /** The item must be there. */
  acknowledgedItem(key: Key): void;
  has(key: Key): boolean;
  /** The state table as a fault sees it that removes states. */
  watchRemovals(state: KeyValueStore): KeyValueStore;
  readonly violations: readonly string[];
  /** `expire-state/came back` and so on. */
  readonly sightings: Readonly<Record<string, number>>;
}

const VIOLATIONS_MAX = 20;
/** Beyond the longest time a record may still come again. */
const TTL_MARGIN_MS = 7 * 86_400_000;

export function createObserver(keeping: Keeping): Observer {
  return new TableObserver(keeping);
}

class TableObserver implements Observer {
  readonly violations: string[] = [];
  readonly sightings: Record<string, number> = {};
  private readonly keeping: Keeping;
  private readonly removed = new Set<string>();
  private readonly histories = new Map<string, Commit[]>();
  private readonly committed = new Map<string, Set<string | null>>();
  /** Newest state version that wrote an output; 0 where items do not say it. */
  private readonly landed = new Map<string, number>();
  private readonly revisions = new Map<string, { rev: number; body: string }>();
  private readonly objects = new Set<string>();

  constructor(keeping: Keeping) {
    this.keeping = keeping;
  }

  watch<T extends object>(port: string, raw: T): T {
    if (port === 'stream') return raw;
    if (port === 'quarantine') return this.watchObjects(raw as unknown as ObjectStore) as never;
    return this.watchTable(port, raw as unknown as KeyValueStore) as never;
  }

  acknowledgedMeasurement(key: SeriesKey, source: string, at: Place): void {
    const { sequence } = at;
    const name = nameOf(stateKey(key));
    const commit = this.histories.get(name)?.find(({ marks }) => {
      const mark = marks.get(source);
      return mark !== undefined && isHeld(at, mark);
    });
    if (commit === undefined) {
      this.violate(`I7: ${sequence} of ${source} is acknowledged, and not committed in ${name}`);
      return;
    }
    for (const output of commit.owed.keys()) {
      const version = this.landed.get(output);
      const isRow = output.startsWith('R#');
      if (version === undefined || (isRow && version < commit.version)) {
        this.violate(
          `outbox: ${sequence} of ${source} is acknowledged, and ${output} is not written`,
        );
      }
    }
  }

  acknowledgedItem(key: Key): void {
    if (!this.has(key)) this.violate(`I7: acknowledged, and ${nameOf(key)} is not there`);
  }

  has(key: Key): boolean {
    return this.landed.has(nameOf(key));
  }

  watchRemovals(state: KeyValueStore): KeyValueStore {
    return {
      ...bound(state),
      delete: async (key) => {
        this.removed.add(nameOf(key));
        return state.delete(key);
      },
    };
  }

  private watchObjects(raw: ObjectStore): ObjectStore {
    return {
      ...raw,
      create: async (key, ...rest) => {
        const answer = await raw.create(key, ...rest);
        this.objects.add(key);
        if (answer === 'created') this.sight('kept in the bucket');
        return answer;
      },
    };
  }

  private watchTable(port: string, raw: KeyValueStore): KeyValueStore {
    return {
      ...raw,
      put: async (item, condition) => {
        const [before] = await raw.getMany([{ pk: item.pk, sk: item.sk }]);
        const answer = await raw.put(item, condition);
        if (answer === 'written' && Number(before?.v ?? 0) > STATE_VERSION) {
          this.violate(`versions: ${nameOf(item)} of newer code was overwritten`);
        }
        if (answer === 'written' && port === 'state') this.commit(item, before);
        if (answer === 'written' && port !== 'state') this.see(item);
        return answer;
      },
    };
  }

  private commit(item: Item, before: Item | undefined): void {
    const name = nameOf(item);
    const history = this.histories.get(name) ?? [];
    this.histories.set(name, history);
    const { m } = JSON.parse(String(item.body)) as { m: EncodedMark[] };
    const marks = new Map(
      m.map(([source, sequence, sub, arrivalMs, parts]) => {
        const seen = parts?.map(([, , , hashes]) => hashes).join('') ?? null;
        return [source, { sequence, sub, arrivalMs, seen }];
      }),
    );
    const version = Number(item.ver);
    const isReborn = this.removed.delete(name);
    if (isReborn) this.sight('expire-state/came back');
    else this.checkStep(name, history.at(-1), { version, marks }, Number(item.la));
    this.checkKeeping(name, item, before);
    this.checkRoom(name, item);
    const { metric, series, partitionKey } = parseStateKey(item);
    const key = { metric, series, partitionKey: partitionKey ?? String(item.partitionKey) };
    const outbox = item.out === undefined ? null : (JSON.parse(String(item.out)) as Outbox);
    const owed = outbox === null ? new Map<string, string | null>() : owedBy(key, outbox);
    for (const [at, body] of owed) {
      this.committed.set(at, (this.committed.get(at) ?? new Set()).add(body));
    }
    history.push({ version, marks, owed });
  }

  private checkStep(
    name: string,
    last: Commit | undefined,
    next: Omit<Commit, 'owed'>,
    arrivalMs: number,
  ): void {
    if (last === undefined) return;
    if (next.version <= last.version) {
      this.violate(`I2: ${name} was committed as version ${next.version} over ${last.version}`);
    }
    for (const [source, { sequence, sub, arrivalMs: markedMs }] of last.marks) {
      const mark = next.marks.get(source);
      // A mark may go when its shard can deliver no more: the stream has dropped those records.
      const isNeeded = arrivalMs <= markedMs + this.keeping.retentionMs;
      if (mark === undefined && !isNeeded) continue;
      if (mark === undefined) this.violate(`I4: ${name} forgot its mark of ${source}`);
      else if (!isAtOrBelow(sequence, sub, mark)) {
        this.violate(`I4: ${name} stepped back in ${source}`);
      }
    }
  }

  /** What is removed cannot be told from what never was: nothing may come again that it knew. */
  private checkKeeping(name: string, item: Item, before: Item | undefined): void {
    const body = JSON.parse(String(item.body)) as {
      p: [number, number, unknown, number][];
      m: [string, string, number, number][];
      f?: number;
    };
    const arrivalMs = Math.max(
      Number(item.la ?? Number.NEGATIVE_INFINITY),
      body.f ?? Number.NEGATIVE_INFINITY,
      ...body.m.map(([, , , markMs]) => markMs),
    );
    const passed = before?.ttl === undefined ? Infinity : Number(before.ttl) * 1000;
    if (arrivalMs > passed) this.sight('expire-state/read although expired');
    if (item.ttl === undefined) return;
    if (body.p.some(([, , , rev]) => rev === 0)) {
      this.violate(`expiry: ${name} may be removed while a window is open`);
    }
    const keptMs = this.keeping.stateTtlMs + this.keeping.retentionMs + TTL_MARGIN_MS;
    if (Number(item.ttl) * 1000 < Math.floor((arrivalMs + keptMs) / 1000) * 1000) {
      this.violate(`expiry: ${name} may be removed while its records may come again`);
    }
  }

  /** What had to go for want of room is behind the floor, and nothing else is. */
  private checkRoom(name: string, item: Item): void {
    const body = JSON.parse(String(item.body)) as {
      p: [start: number, end: number][];
      e?: [number, number | null];
      b?: [from: number, to: number][];
    };
    const bars = body.b ?? [];
    if (body.p.some(([start, end]) => bars.some(([from, to]) => start < to && from < end))) {
      this.violate(`room: ${name} holds a window of a time that had to go`);
    }
    const floorMs = body.e?.[1] ?? null;
    if (floorMs === null) return;
    this.sight('evicted for want of room');
    if (body.p.some(([startMs]) => startMs < floorMs)) {
      this.violate(`room: ${name} holds a window older than one that had to go`);
    }
  }

  private sight(what: string): void {
    this.sightings[what] = (this.sightings[what] ?? 0) + 1;
  }

  private see(item: Item): void {
    const name = nameOf(item);
    if (item.pk.startsWith('B#')) this.objects.add(name);
    // Only what S3 did not take lies in chunks.
    if (item.pk.startsWith('B#') && item.of !== undefined) {
      this.sight(Number(item.of) > 1 ? 'kept in several chunks' : 'kept in chunks');
    }
    const at = {
      stream: item.stream,
      shard: item.shard,
      sequence: item.sequence,
    } as StreamPosition;
    const inTable = [bytesKey, (place: StreamPosition) => bytesKey(place, 0)];
    const isThere =
      item.at === 'object'
        ? this.objects.has(quarantineObject(at))
        : item.at !== 'control' || inTable.some((keyOf) => this.objects.has(nameOf(keyOf(at))));
    if (!isThere) this.violate(`I6: ${name} names bytes, which are not there`);
    const isQuarantine = item.pk.startsWith('Q#');
    const isRow = item.pk.startsWith('R#');
    if (!isQuarantine && !isRow && !item.pk.startsWith('A#')) return;
    if (!isRow && this.landed.has(name)) this.violate(`I5: ${name} was created twice`);
    this.landed.set(name, Math.max(this.landed.get(name) ?? 0, Number(item.sv ?? 0)));
    // What has no series (invalid, unmatched) is owed by no state.
    if (isQuarantine && item.series === undefined) return;
    const body = item.body === undefined ? null : String(item.body);
    if (!this.committed.get(name)?.has(body)) {
      this.violate(`phantom: ${name} shows what no commit holds: ${body}`);
    }
    if (isRow) this.checkRevision(name, { rev: Number(item.rev), body: String(body) });
  }

  private checkRevision(name: string, next: { rev: number; body: string }): void {
    const old = this.revisions.get(name);
    this.revisions.set(name, next);
    if (old === undefined || next.rev > old.rev || next.body === old.body) return;
    this.violate(`I3: ${name}: ${JSON.stringify(old)}, then ${JSON.stringify(next)}`);
  }

  private violate(text: string): void {
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push(text);
  }
}

function owedBy(key: SeriesKey, outbox: Outbox): Map<string, string | null> {
  const owed = new Map<string, string | null>();
  for (const row of outbox.rows) owed.set(nameOf(rowKey(key, row.startMs)), JSON.stringify(row));
  for (const incident of outbox.incidents) {
    owed.set(nameOf(incidentKey(key, incident)), JSON.stringify(incident));
  }
  const slash = outbox.shard.indexOf('/');
  const at = { stream: outbox.shard.slice(0, slash), shard: outbox.shard.slice(slash + 1) };
  for (const entry of outbox.quarantine) {
    owed.set(nameOf(quarantineKey({ ...entry, ...at, metric: key.metric })), null);
  }
  return owed;
}

function nameOf({ pk, sk }: Key): string {
  return `${pk} ${sk}`;
}
