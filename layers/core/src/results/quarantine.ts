import {
  parseQuarantinedShard,
  QUARANTINE_BUCKETS,
  QUARANTINED_SHARDS,
  quarantinePartition,
  type StreamPosition,
  sortableSequence,
} from '../fold/key';
import type { Item, KeyValueStore } from '../port';
import type { BytesPlace, KeptBytes } from '../quarantine/bytes';
import { decodeGroups, type RefusedGroup, UNMATCHED } from '../quarantine/refusals';
import { firstSub, type Span } from '../quarantine/spans';
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

/** What the index counts for beside the states: measurements without one. */
export async function countRefused(
  control: KeyValueStore,
): Promise<{ readonly invalid: number; readonly unmatched: number }> {
  const sums = { invalid: 0, unmatched: 0 };
  for (const shard of await quarantinedShards(control)) {
    for (let bucket = 0; bucket < QUARANTINE_BUCKETS; bucket++) {
      for await (const item of queryAll(control, { pk: quarantinePartition(shard, bucket) })) {
        sums.invalid += Number(item.invalid ?? 0);
        sums.unmatched += Number(item.unmatched ?? 0);
      }
    }
  }
  return sums;
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
  for (let bucket = 0; bucket < QUARANTINE_BUCKETS; bucket++) {
    const range = { pk: quarantinePartition(at, bucket), from, to: `${from}#\u{10ffff}` };
    for await (const items of recordsIn(queryAll(control, range))) return recordOf(items);
  }
  return undefined;
}

async function quarantinedShards(control: KeyValueStore) {
  const shards: { stream: string; shard: string }[] = [];
  for await (const { sk } of queryAll(control, { pk: QUARANTINED_SHARDS })) {
    shards.push(parseQuarantinedShard(sk));
  }
  return shards.sort((a, b) => byText(a.stream, b.stream) || byText(a.shard, b.shard));
}

/** Its partitions hold disjoint records, each in their order: the lowest of all is next. */
async function* recordsOfShard(
  control: KeyValueStore,
  shard: { readonly stream: string; readonly shard: string },
): AsyncGenerator<RefusedRecord> {
  const sources = Array.from({ length: QUARANTINE_BUCKETS }, (_, bucket) =>
    recordsIn(queryAll(control, { pk: quarantinePartition(shard, bucket) })),
  );
  const heads = await Promise.all(sources.map((source) => source.next()));
  for (;;) {
    let lowest = -1;
    for (const [at, head] of heads.entries()) {
      if (head.done === true) continue;
      const other = heads[lowest]?.value;
      if (lowest < 0 || compareSequence(sequenceOf(head.value), sequenceOf(other)) < 0) lowest = at;
    }
    if (lowest < 0) return;
    yield recordOf(heads[lowest]?.value as Item[]);
    heads[lowest] = await (sources[lowest] as (typeof sources)[0]).next();
  }
}

function sequenceOf(items: Item[] | undefined): string {
  return String(items?.[0]?.sequence);
}

/** Items of one stream record are neighbours. */
async function* recordsIn(items: AsyncIterable<Item>): AsyncGenerator<Item[], undefined> {
  let together: Item[] = [];
  for await (const item of items) {
    if (item.sequence === undefined) continue;
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
