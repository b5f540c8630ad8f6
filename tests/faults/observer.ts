/**
 * Watches the tables below all faults: what lands, in the order it lands. It knows the history that
 * was committed, and so what anybody may see, and what must be there once a batch is acknowledged.
 */
import {
  incidentKey,
  parseStateKey,
  quarantineKey,
  rowKey,
  type SeriesKey,
  stateKey,
} from '@millrace/core/fold/key';
import type { Outbox } from '@millrace/core/fold/state';
import type { Item, Key, KeyValueStore, ObjectStore } from '@millrace/core/port';
import { compareSequence } from '@millrace/core/record/sequence';

interface Commit {
  readonly version: number;
  /** Newest sequence number by source shard. */
  readonly marks: ReadonlyMap<string, string>;
  /** Keys of what it owes the world, with the body a reader may see. */
  readonly owed: ReadonlyMap<string, string | null>;
}

/** What the handlers asked of the tables. */
export interface Calls {
  seriesRead: number;
  stateWrites: number;
  outputWrites: number;
  outputsOwed: number;
}

export interface Observer {
  watch<T extends object>(port: string, raw: T): T;
  /** The measurement need not come again: its commit and all that the commit owes must be there. */
  acknowledgedMeasurement(key: SeriesKey, source: string, sequence: string): void;
  /** The item must be there. */
  acknowledgedItem(key: Key): void;
  has(key: Key): boolean;
  readonly violations: readonly string[];
  readonly calls: Readonly<Calls>;
}

const VIOLATIONS_MAX = 20;

export function createObserver(): Observer {
  return new TableObserver();
}

class TableObserver implements Observer {
  readonly violations: string[] = [];
  readonly calls: Calls = { seriesRead: 0, stateWrites: 0, outputWrites: 0, outputsOwed: 0 };
  private readonly histories = new Map<string, Commit[]>();
  private readonly committed = new Map<string, Set<string | null>>();
  /** Newest state version that wrote an output; 0 where items do not say it. */
  private readonly landed = new Map<string, number>();
  private readonly revisions = new Map<string, { rev: number; body: string }>();
  private readonly objects = new Set<string>();

  watch<T extends object>(port: string, raw: T): T {
    if (port === 'stream') return raw;
    if (port === 'quarantine') return this.watchObjects(raw as unknown as ObjectStore) as never;
    return this.watchTable(port, raw as unknown as KeyValueStore) as never;
  }

  acknowledgedMeasurement(key: SeriesKey, source: string, sequence: string): void {
    const name = nameOf(stateKey(key));
    const commit = this.histories.get(name)?.find(({ marks }) => {
      const mark = marks.get(source);
      return mark !== undefined && compareSequence(sequence, mark) <= 0;
    });
    if (commit === undefined) {
      this.violate(`I7: ${sequence} of ${source} is acknowledged, and not committed in ${name}`);
      return;
    }
    for (const at of commit.owed.keys()) {
      const version = this.landed.get(at);
      const isRow = at.startsWith('R#');
      if (version === undefined || (isRow && version < commit.version)) {
        this.violate(`outbox: ${sequence} of ${source} is acknowledged, and ${at} is not written`);
      }
    }
  }

  acknowledgedItem(key: Key): void {
    if (!this.has(key)) this.violate(`I7: acknowledged, and ${nameOf(key)} is not there`);
  }

  has(key: Key): boolean {
    return this.landed.has(nameOf(key));
  }

  private watchObjects(raw: ObjectStore): ObjectStore {
    return {
      ...raw,
      create: async (key, ...rest) => {
        const answer = await raw.create(key, ...rest);
        this.objects.add(key);
        return answer;
      },
    };
  }

  private watchTable(port: string, raw: KeyValueStore): KeyValueStore {
    return {
      ...raw,
      getMany: async (keys) => {
        if (port === 'state') this.calls.seriesRead += keys.length;
        return raw.getMany(keys);
      },
      put: async (item, condition) => {
        if (port === 'state') this.calls.stateWrites += 1;
        if (port === 'results') this.calls.outputWrites += 1;
        const [before] = await raw.getMany([{ pk: item.pk, sk: item.sk }]);
        const answer = await raw.put(item, condition);
        if (answer === 'written' && Number(before?.v ?? 0) > Number(item.v ?? 0)) {
          this.violate(`versions: ${nameOf(item)} of newer code was overwritten`);
        }
        if (answer === 'written' && port === 'state') this.commit(item);
        if (answer === 'written' && port !== 'state') this.see(item);
        return answer;
      },
    };
  }

  private commit(item: Item): void {
    const name = nameOf(item);
    const history = this.histories.get(name) ?? [];
    this.histories.set(name, history);
    const { m } = JSON.parse(String(item.body)) as { m: [string, string][] };
    const marks = new Map(m.map(([source, sequence]) => [source, sequence]));
    const version = Number(item.ver);
    this.checkStep(name, history.at(-1), { version, marks });
    const { metric, series, partitionKey } = parseStateKey(item);
    const key = { metric, series, partitionKey: partitionKey ?? String(item.partitionKey) };
    const outbox = item.out === undefined ? null : (JSON.parse(String(item.out)) as Outbox);
    const owed = outbox === null ? new Map<string, string | null>() : owedBy(key, outbox);
    for (const [at, body] of owed) {
      if (/^[RA]#/.test(at)) this.calls.outputsOwed += 1;
      this.committed.set(at, (this.committed.get(at) ?? new Set()).add(body));
    }
    history.push({ version, marks, owed });
  }

  private checkStep(name: string, last: Commit | undefined, next: Omit<Commit, 'owed'>): void {
    if (last === undefined) return;
    if (next.version <= last.version) {
      this.violate(`I2: ${name} was committed as version ${next.version} over ${last.version}`);
    }
    for (const [source, sequence] of last.marks) {
      const mark = next.marks.get(source);
      // A mark may go when its shard delivers no more: these runs are shorter than that takes.
      if (mark === undefined) this.violate(`I4: ${name} forgot its mark of ${source}`);
      else if (compareSequence(mark, sequence) < 0) {
        this.violate(`I4: ${name} stepped back in ${source}`);
      }
    }
  }

  private see(item: Item): void {
    const name = nameOf(item);
    if (typeof item.object === 'string' && !this.objects.has(item.object)) {
      this.violate(`I6: ${name} names ${item.object}, which is not there`);
    }
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
