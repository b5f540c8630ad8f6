import { parsePipeline } from '@millrace/core/pipeline/parse';
import { besideCarriers, carriersOf } from '../../../../cli/src/replay/faults-carriers';
import { parseFaultPlan } from '../../../../cli/src/replay/faults-plan';
import { PRESETS } from '../../../../cli/src/replay/faults-presets';
import { disturbSource } from '../../../../cli/src/replay/faults-records';
import { equalShardIndex, equalShards, hashKeyOf } from '../../../../cli/src/replay/hash-range';
import type { Source } from '../../../../cli/src/replay/source';
import { kplAggregate } from '../../../helper/kpl';

const { pipeline } = parsePipeline({
  version: 1,
  metrics: {
    m: { series: ['host'], window: { type: 'tumbling', size: '1m' }, aggregates: ['count'] },
  },
});
const SHARDS = 2;

/** 40 aggregates of two keys each; which carrier a key takes is up to `carrierOf`. */
function source(carrierOf: (host: number, index: number) => string): Source {
  const shards = equalShards(SHARDS);
  const records = Array.from({ length: 40 }, (_, index) => {
    const hosts = [index % 4, (index % 4) + 4];
    const users = hosts.map((host) => ({ partitionKey: `h${host}`, data: `{"host":"h${host}"}` }));
    const hashKey = hashKeyOf(carrierOf(index % 4, index));
    return {
      shard: shards[equalShardIndex(hashKey, SHARDS)]!.id,
      sequence: String(1000 + index),
      ...{ partitionKey: 'a', explicitHashKey: String(hashKey) },
      arrivalMs: index * 1000,
      data: kplAggregate(users).toString('base64'),
    };
  });
  const arrivals = { firstMs: 0, lastMs: 39_000 };
  return { shards, records, in: 80, arrivals };
}

const steady = source((host) => `carrier ${host}`);
const mixed = source((_, index) => `carrier ${index % 7}`);
const disturb = (from: Source, preset: string) =>
  disturbSource(from, {
    ...{ plan: parseFaultPlan(PRESETS[preset], preset), seed: 3, pipeline, transforms: new Map() },
  });

it('given a reshard, aggregates stay whole and go to the shard that has their hash key', () => {
  const { records, shards, in: measurements } = disturb(steady, 'reshard');

  expect(records.map(({ data }) => data)).toEqual(steady.records.map(({ data }) => data));
  expect(measurements).toBe(80);
  for (const { shard, explicitHashKey } of records) {
    const [first, last] = shards.find(({ id }) => id === shard)!.hash!;
    const hashKey = BigInt(explicitHashKey!);
    expect(BigInt(first) <= hashKey && hashKey <= BigInt(last)).toBe(true);
  }
  expect(new Set(records.map(({ shard }) => shard)).size).toBeGreaterThan(SHARDS);
});

it('given keys that travel with several hash keys, a reshard is refused and says why', () => {
  expect(() => disturb(mixed, 'reshard')).toThrow(
    /reshard: partition key "h\d" travels in aggregated \(KPL\) records of several hash keys/,
  );
});

it.each(['everything', 'zombies', 'outage', 'expiry'])(
  'given keys that travel with several hash keys, %s is not refused',
  (preset) => {
    expect(disturb(mixed, preset).records.length).toBeGreaterThanOrEqual(40);
  },
);

it('a tick follows the aggregates of its key', async () => {
  const put: unknown[] = [];
  const writer = { put: async (entries: readonly unknown[]) => void put.push(...entries) };
  const data = new Uint8Array();

  await besideCarriers(writer, carriersOf(steady.records)).put([
    { partitionKey: 'h5', data },
    { partitionKey: 'elsewhere', data },
  ]);

  expect(put).toEqual([
    { partitionKey: 'h5', data, explicitHashKey: String(hashKeyOf('carrier 1')) },
    { partitionKey: 'elsewhere', data },
  ]);
});
