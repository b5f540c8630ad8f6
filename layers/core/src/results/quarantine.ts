import {
  parseQuarantinedShard,
  QUARANTINED_SHARDS,
  quarantinePartitions,
  type StreamPosition,
  sortableSequence,
} from '../fold/key';
import type { Item, KeyValueStore } from '../port';
import type { BytesPlace, KeptBytes } from '../quarantine/bytes';
import { decodeGroups, type RefusedGroup, UNMATCHED } from '../quarantine/refusals';
import { firstSub, type Span } from '../quarantine/spans';
import { addExpired, type QuarantineTally, TALLY_SK, tallyOf } from '../quarantine/tally';
import { compareSequence } from '../record/sequence';
import { queryAll } from './pages';
import { byText } from './rows';

export type RefusalKind = 'invalid' | 'late' | 'unmatched';

/** Measurements of one stream record that were refused for one reason by one metric, or by none. */
export interface Refusal extends RefusedGroup {
  readonly kind: RefusalKind;
  readonly series: string | null;
  /** Partition key of the series; null = none of its measurements has a series. */
  readonly seriesKey: string | null;
  /** Attempts at the record alone; 1 unless it killed its process. */
  readonly attempt: number;
  readonly lastSeenMs: number;
  /** Whether it is about the stream record as a whole, whatever is in it. */
  readonly isWhole: boolean;
}

/** All that the quarantine holds of one stream record. */
export interface RefusedRecord extends KeptBytes {
  /** Of the stream record; of an aggregate null where only a series knows it. */
  readonly partitionKey: string | null;
  /** Whether its bytes hold user records of their own. */
  readonly isAggregate: boolean;
  readonly arrivalMs: number;
  readonly refusals: readonly Refusal[];
}

/** What the index counts for: measurements that no state counts, and reasons of expired entries. */
export interface IndexCounts {
  invalid: number;
  unmatched: number;
  /** Refused and late measurements whose entries have expired, by reason. */
  readonly expired: Record<string, number>;
}

export async function countRefused(control: KeyValueStore): Promise<IndexCounts> {
  const sums: IndexCounts = { invalid: 0, unmatched: 0, expired: {} };
  await eachPartition(control, async (pk) => {
    const items = queryAll(control, { pk });
    for await (const item of withoutCounted(items, (tally) => add(sums, tally))) {
      sums.invalid += Number(item.invalid ?? 0);
      sums.unmatched += Number(item.unmatched ?? 0);
    }
  });
  return sums;
}

/** Measurements whose entries have expired, by reason; reads nothing but what is left of those. */
export async function countExpired(control: KeyValueStore): Promise<Record<string, number>> {
  const sums: IndexCounts = { invalid: 0, unmatched: 0, expired: {} };
  await eachPartition(control, async (pk) => {
    const [item] = await control.getMany([{ pk, sk: TALLY_SK }]);
    if (item !== undefined) add(sums, tallyOf(item));
  });
  return sums.expired;
}

async function eachPartition(
  control: KeyValueStore,
  visit: (pk: string) => Promise<void>,
): Promise<void> {
  for (const shard of await quarantinedShards(control)) {
    for (const pk of quarantinePartitions(shard)) await visit(pk);
  }
}

function add(sums: IndexCounts, { invalid, unmatched, counts }: QuarantineTally): void {
  sums.invalid += invalid;
  sums.unmatched += unmatched;
  addExpired(sums.expired, counts);
}

/** Entries that no tally counts; a partition's tally comes first. */
async function* withoutCounted(
  items: AsyncIterable<Item>,
  onTally?: (tally: QuarantineTally) => void,
): AsyncGenerator<Item> {
  let { through } = tallyOf(undefined);
  for await (const item of items) {
    if (item.sk === TALLY_SK) {
      const tally = tallyOf(item);
      through = tally.through;
      onTally?.(tally);
    } else if (item.sk > through) yield item;
  }
}

/** Every stream record that was refused, late or unmatched in any part; by stream, shard and sequence. */
export async function* refusedRecords(control: KeyValueStore): AsyncGenerator<RefusedRecord> {
  for (const shard of await quarantinedShards(control)) yield* recordsOfShard(control, shard);
}

export async function refusedRecord(
  control: KeyValueStore,
  at: StreamPosition,
): Promise<RefusedRecord | undefined> {
  const from = sortableSequence(at.sequence);
  const items: Item[] = [];
  for (const pk of quarantinePartitions(at)) {
    const range = { pk, from, to: `${from}#\u{10ffff}` };
    for await (const item of queryAll(control, range)) items.push(item);
  }
  return items.length === 0 ? undefined : recordOf(items);
}

/** Shards that have, or had, anything in the quarantine; by stream and shard. */
export async function quarantinedShards(control: KeyValueStore) {
  const shards: { stream: string; shard: string }[] = [];
  for await (const { sk } of queryAll(control, { pk: QUARANTINED_SHARDS })) {
    shards.push(parseQuarantinedShard(sk));
  }
  return shards.sort((a, b) => byText(a.stream, b.stream) || byText(a.shard, b.shard));
}

/** Each partition holds its records in order: the lowest of all is next, and may be in two. */
async function* recordsOfShard(
  control: KeyValueStore,
  shard: { readonly stream: string; readonly shard: string },
): AsyncGenerator<RefusedRecord> {
  const sources = quarantinePartitions(shard).map((pk) =>
    recordsIn(withoutCounted(queryAll(control, { pk }))),
  );
  const heads = await Promise.all(sources.map((source) => source.next()));
  for (;;) {
    let lowest: string | null = null;
    for (const { value } of heads) {
      const sequence = sequenceOf(value);
      if (sequence === null) continue;
      if (lowest === null || compareSequence(sequence, lowest) < 0) lowest = sequence;
    }
    if (lowest === null) return;
    const items: Item[] = [];
    for (const [at, { value }] of heads.entries()) {
      if (sequenceOf(value) !== lowest) continue;
      items.push(...(value as Item[]));
      heads[at] = await (sources[at] as (typeof sources)[0]).next();
    }
    yield recordOf(items);
  }
}

function sequenceOf(items: Item[] | undefined): string | null {
  return items === undefined ? null : String(items[0]?.sequence);
}

/** Items of one stream record are neighbours. */
async function* recordsIn(items: AsyncIterable<Item>): AsyncGenerator<Item[], undefined> {
  let together: Item[] = [];
  for await (const item of items) {
    if (together.length > 0 && together[0]?.sequence !== item.sequence) {
      yield together;
      together = [];
    }
    together.push(item);
  }
  if (together.length > 0) yield together;
  return undefined;
}

function recordOf(items: readonly Item[]): RefusedRecord {
  const [first] = items as [Item];
  const { stream, shard, sequence } = first;
  const whole = items.find(({ kind }) => kind === 'record' || kind === 'unread');
  const kept =
    whole?.at === undefined ? (items.find(({ at }) => at !== undefined) ?? first) : whole;
  const isAggregate = items.some(({ aggregate }) => aggregate === true);
  return {
    ...{ stream: String(stream), shard: String(shard), sequence: String(sequence) },
    partitionKey: whole === undefined && isAggregate ? null : String((whole ?? first).partitionKey),
    isAggregate,
    arrivalMs: Number(first.arrivalMs),
    at: kept.at === undefined ? null : (String(kept.at) as BytesPlace),
    data: kept.data === undefined ? null : String(kept.data),
    refusals: items.flatMap(refusalsOf).sort(bySubAndMetric),
  };
}

function refusalsOf(item: Item): Refusal[] {
  const seen = {
    attempt: Number(item.attempt ?? 1),
    lastSeenMs: Number(item.lastSeenMs ?? item.arrivalMs),
  };
  if (item.kind === 'record') {
    const none = { series: null, seriesKey: null, isWhole: item.aggregate !== true, ...seen };
    return decodeGroups(String(item.body)).map((group) => ({
      ...group,
      ...none,
      kind: group.reason === UNMATCHED ? 'unmatched' : 'invalid',
    }));
  }
  const isUnread = item.kind === 'unread';
  const common = { reason: String(item.reason), detail: String(item.detail), ...seen };
  if (isUnread) {
    const one = { count: 1, subs: [0], metric: null, series: null, seriesKey: null };
    return [{ ...common, ...one, kind: 'invalid', isWhole: true }];
  }
  return [
    {
      ...common,
      kind: item.kind === 'late' ? 'late' : 'invalid',
      metric: String(item.metric),
      series: String(item.series),
      seriesKey: String(item.partitionKey),
      count: Number(item.count),
      subs: JSON.parse(String(item.subs)) as Span[],
      isWhole: item.aggregate !== true,
    },
  ];
}

function bySubAndMetric(a: Refusal, b: Refusal): number {
  return (
    startOf(a) - startOf(b) ||
    byText(a.metric ?? '', b.metric ?? '') ||
    byText(a.reason, b.reason) ||
    byText(a.series ?? '', b.series ?? '')
  );
}

/** First sub-record that a refusal is about. */
export function startOf({ subs, cover }: RefusedGroup): number {
  return cover === undefined ? firstSub(subs) : cover.subs[0];
}

/** A refusal with its place, without the bytes. */
export interface RefusalView extends Refusal, StreamPosition {
  /** First sub-record. */
  readonly sub: number;
  /** Of the series, else of the stream record. */
  readonly partitionKey: string | null;
  readonly arrivalMs: number;
}

/** Everything that was refused or late, as the index has it; by stream, shard, sequence, sub, metric. */
export async function readRefusals(control: KeyValueStore): Promise<RefusalView[]> {
  const views: RefusalView[] = [];
  for await (const record of refusedRecords(control)) {
    for (const refusal of record.refusals) {
      if (refusal.kind !== 'unmatched') views.push(viewOf(record, refusal));
    }
  }
  return views;
}

export function viewOf(record: RefusedRecord, refusal: Refusal): RefusalView {
  const { stream, shard, sequence, arrivalMs } = record;
  const partitionKey = refusal.seriesKey ?? record.partitionKey;
  return { ...refusal, stream, shard, sequence, sub: startOf(refusal), partitionKey, arrivalMs };
}
