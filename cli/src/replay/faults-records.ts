import { MeasurementCounter } from '@millrace/adapters/kinesis/counter';
import { createTimeLimit } from '@millrace/adapters/time-limit';
import { UNKEYED } from '@millrace/core/partition-key';
import type { Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import { hasTransforms } from '@millrace/core/record/expand-within';
import { type Dice, diceFor } from '@millrace/engine/fault/dice';
import { type FaultPlan, faultsOf } from '@millrace/engine/fault/plan';
import { hashKeyOf } from '@millrace/engine/stream/hash-key';
import { UsageError } from '../exit';
import type { RecordedRecord, RecordedShard } from '../recording/record';
import { type Carriers, carriersOf } from './faults-carriers';
import { HangingCode, type UserCode } from './faults-hang';
import { equalShards } from './hash-range';
import type { Source } from './source';

/** Where a record stood before faults moved it; a record that a fault made has no such place. */
export type Positions = ReadonlyMap<string, { readonly shard: string; readonly sequence: string }>;

export interface FaultySource extends Source {
  readonly positions: Positions | null;
  /** Names of the faults that are in the records now. */
  readonly injected: readonly string[];
  readonly carriers: Carriers;
  /** Transforms that hang for some records; null = as they are. */
  readonly code: UserCode | null;
}

export interface SourceFaultOptions {
  readonly plan: FaultPlan;
  readonly seed: number;
  readonly pipeline: Pipeline;
  readonly transforms: Transforms;
}

interface Placed {
  readonly record: RecordedRecord;
  readonly visibleMs: number;
  /** Null = this fault's own. */
  readonly from: RecordedRecord | null;
}

/**
 * Faults that are in the stream before anything runs: poison, repeated sends, splits and merges. The
 * order within a partition key stays as it was; without such faults the source is the same object.
 */
export function disturbSource(source: Source, options: SourceFaultOptions): FaultySource {
  const { plan } = options;
  const reshards = faultsOf(plan, 'reshard').reduce((sum, { times }) => sum + times, 0);
  const alters = (['poison', 'duplicate', 'auto'] as const).some(
    (kind) => faultsOf(plan, kind).length > 0,
  );
  const carriers = carriersOf(source.records);
  // Without transforms there is nothing that could hang.
  const mayHang = faultsOf(plan, 'hang').length > 0 && hasTransforms(options.pipeline);
  const code = mayHang ? new HangingCode(plan, options.seed, options.transforms) : null;
  if (reshards === 0 && !alters) {
    const measured = code === null ? source.in : measurementsIn(source.records, options, code);
    const hanging = [...(code?.met ?? [])];
    return { ...source, in: measured, positions: null, injected: hanging, carriers, code };
  }
  refuseMixed(carriers, plan, source.shards.length);
  const injected: string[] = [];
  const placed = alter(byVisibility(source.records), options, injected);
  const { shards, records, positions } = layOut(
    placed,
    { shards: source.shards.length, reshards },
    options,
    injected,
  );
  const measured = alters || code !== null ? measurementsIn(records, options, code) : source.in;
  injected.push(...(code?.met ?? []));
  const arrivals = records.map(({ arrivalMs }) => arrivalMs);
  return {
    ...source,
    shards,
    records,
    positions,
    injected,
    carriers,
    code,
    in: measured,
    arrivals:
      source.arrivals === null
        ? null
        : { ...source.arrivals, lastMs: Math.max(source.arrivals.lastMs, arrivals.at(-1) ?? 0) },
  };
}

function measurementsIn(
  records: readonly RecordedRecord[],
  { pipeline, transforms }: SourceFaultOptions,
  code: UserCode | null,
): number {
  const user = code ?? { transforms, timeLimit: createTimeLimit() };
  const counter = new MeasurementCounter({ pipeline, ...user });
  for (const record of records) counter.add(record);
  return counter.total();
}

/** Records of one key in two shards have no order, and ticks none among them, unless nobody promised one. */
function refuseMixed({ mixed }: Carriers, plan: FaultPlan, shards: number): void {
  const reshards = faultsOf(plan, 'reshard');
  const isPromised =
    faultsOf(plan, 'auto').length === 0 && !reshards.some(({ childrenEarly }) => childrenEarly);
  if (mixed === null || !isPromised || (reshards.length === 0 && shards === 1)) return;
  const key = JSON.stringify(mixed);
  throw new UsageError(
    `millrace replay: --faults: ${plan.name}: partition key ${key} travels in aggregated (KPL) records of several hash keys: after a reshard its order is undefined`,
  );
}

/** A record is never visible before its predecessor in the shard, whatever its arrival stamp. */
function byVisibility(records: readonly RecordedRecord[]): Placed[] {
  const latest = new Map<string, number>();
  const placed = records.map((record): Placed => {
    const visibleMs = Math.max(record.arrivalMs, latest.get(record.shard) ?? record.arrivalMs);
    latest.set(record.shard, visibleMs);
    return { record, visibleMs, from: record };
  });
  return placed.sort((a, b) => a.visibleMs - b.visibleMs);
}

function alter(
  placed: readonly Placed[],
  { plan, seed }: SourceFaultOptions,
  injected: string[],
): Placed[] {
  const altered: Placed[] = [];
  const [auto] = faultsOf(plan, 'auto');
  const keyedUntil = auto === undefined ? placed.length : Math.floor(placed.length * auto.after);
  for (const [index, one] of placed.entries()) {
    const { record } = one;
    const name = `${record.shard}:${record.sequence}`;
    let changed = record;
    for (const { rate } of faultsOf(plan, 'poison')) {
      const dice = struck(plan, seed, `poison ${name}`, rate, injected);
      if (dice !== null) changed = { ...record, data: poisoned(record.data, dice) };
    }
    if (index >= keyedUntil) {
      const dice = struck(plan, seed, `auto ${name}`, 1, injected);
      if (dice !== null) changed = withoutKey(changed, dice);
    }
    altered.push({ ...one, record: changed });
    for (const { rate, delayMs } of faultsOf(plan, 'duplicate')) {
      const dice = struck(plan, seed, `duplicate ${name}`, rate, injected);
      if (dice === null) continue;
      const visibleMs = one.visibleMs + dice.between(delayMs);
      altered.push({ record: { ...changed, arrivalMs: visibleMs }, visibleMs, from: null });
    }
  }
  return altered.sort((a, b) => a.visibleMs - b.visibleMs);
}

/** The service spreads such records evenly over the shards. */
function withoutKey(record: RecordedRecord, dice: Dice): RecordedRecord {
  const explicitHashKey = String(BigInt(Math.floor(dice.next() * 2 ** 53)) << 75n);
  return { ...record, partitionKey: UNKEYED, explicitHashKey };
}

function struck(
  plan: FaultPlan,
  seed: number,
  name: string,
  rate: number,
  injected: string[],
): Dice | null {
  const dice = diceFor(seed, name);
  if (dice.next() >= rate || !(plan.only?.includes(name) ?? true)) return null;
  injected.push(name);
  return dice;
}

function poisoned(data: string, dice: Dice): string {
  const bytes = Buffer.from(data, 'base64');
  const kinds = [
    () => '%%% no base64 %%%',
    () => bytes.subarray(0, dice.int(Math.max(1, bytes.length))).toString('base64'),
    () => Buffer.concat([bytes.subarray(0, -1), Buffer.from([0xff, 0x7d])]).toString('base64'),
    () => Buffer.from('{"NaN": NaN}').toString('base64'),
    () => Buffer.from('[]').toString('base64'),
    () => Buffer.alloc(1024 * 1024 + 1, 0x20).toString('base64'),
  ];
  return kinds[dice.int(kinds.length)]!();
}

interface LiveShard {
  readonly definition: RecordedShard;
  readonly first: bigint;
  readonly last: bigint;
  /** A child's numbers need not be above its parent's. */
  readonly lead: number;
}

/** Lays records out by their hash keys over shards that are split and merged on the way. */
function layOut(
  placed: readonly Placed[],
  { shards, reshards }: { readonly shards: number; readonly reshards: number },
  { plan, seed }: SourceFaultOptions,
  injected: string[],
) {
  const topology = new Topology(shards);
  const cuts = new Map<number, number>();
  for (let nth = 0; nth < reshards; nth += 1) {
    const dice = struck(plan, seed, `reshard ${nth}`, 1, injected);
    if (dice === null) continue;
    const at = dice.int(placed.length);
    cuts.set(at, (cuts.get(at) ?? 0) + 1);
  }
  const positions = new Map<string, { shard: string; sequence: string }>();
  const records = placed.map(({ record, from }, index) => {
    for (let n = 0; n < (cuts.get(index) ?? 0); n += 1) {
      topology.change(diceFor(seed, `reshard at ${index} ${n}`));
    }
    const { definition, lead } = topology.shardOf(record);
    const sequence = `${lead}${String(index + 1).padStart(38, '0')}${'0'.repeat(16)}`;
    if (from !== null) {
      const { shard, sequence: number } = from;
      positions.set(`${definition.id} ${sequence}`, { shard, sequence: number });
    }
    return { ...record, shard: definition.id, sequence };
  });
  return { shards: topology.all, records, positions };
}

class Topology {
  readonly all: RecordedShard[] = [];
  private live: LiveShard[];

  constructor(count: number) {
    this.live = equalShards(count).map((definition) => {
      const [first, last] = definition.hash!;
      this.all.push(definition);
      return { definition, first: BigInt(first), last: BigInt(last), lead: 49 };
    });
  }

  shardOf({ partitionKey, explicitHashKey }: RecordedRecord): LiveShard {
    const key = explicitHashKey === undefined ? hashKeyOf(partitionKey) : BigInt(explicitHashKey);
    return this.live.find(({ first, last }) => first <= key && key <= last)!;
  }

  /** Splits a shard in the middle, or merges two neighbours. */
  change(dice: Dice): void {
    const at = dice.int(this.live.length);
    const shard = this.live[at]!;
    const next = this.live[at + 1];
    if (next !== undefined && dice.next() < 0.4) {
      const merged = this.add(shard.first, next.last, [shard, next], dice);
      this.live.splice(at, 2, merged);
      return;
    }
    const middle = (shard.first + shard.last) / 2n;
    if (middle === shard.last) return;
    const low = this.add(shard.first, middle, [shard], dice);
    const high = this.add(middle + 1n, shard.last, [shard], dice);
    this.live.splice(at, 1, low, high);
  }

  private add(first: bigint, last: bigint, parents: readonly LiveShard[], dice: Dice): LiveShard {
    const definition: RecordedShard = {
      id: `shardId-${String(this.all.length).padStart(12, '0')}`,
      parent: parents[0]!.definition.id,
      adjacent: parents[1]?.definition.id ?? null,
      hash: [String(first), String(last)],
    };
    this.all.push(definition);
    return { definition, first, last, lead: dice.between([40, 59]) };
  }
}
