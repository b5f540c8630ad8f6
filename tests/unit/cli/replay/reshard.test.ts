import { equalShardIndex, equalShards } from '../../../../cli/src/replay/hash-range';
import { reshard } from '../../../../cli/src/replay/shards/reshard';

function record(partitionKey: string, arrivalMs: number, fields: object = {}) {
  return { shard: 'old', sequence: '1', partitionKey, arrivalMs, data: partitionKey, ...fields };
}

describe('equalShards', () => {
  it('splits the hash keys as Kinesis does for three shards', () => {
    expect(equalShards(3).map(({ hash }) => hash)).toEqual([
      ['0', '113427455640312821154458202477256070484'],
      ['113427455640312821154458202477256070485', '226854911280625642308916404954512140969'],
      ['226854911280625642308916404954512140970', '340282366920938463463374607431768211455'],
    ]);
  });

  it.each([1, 2, 3, 7, 1000])('puts both ends of each of %i ranges into its own shard', (count) => {
    equalShards(count).forEach(({ hash }, index) => {
      for (const end of hash!) expect(equalShardIndex(BigInt(end), count)).toBe(index);
    });
  });
});

describe('reshard', () => {
  // MD5('a') = 0cc1…, MD5('b') = 92eb…, MD5('c') = 4a8a…: halves 0, 1, 0.
  it('hashes partition keys with MD5 over equal ranges', () => {
    const records = reshard([record('a', 1), record('b', 2), record('c', 3)], 2);

    expect(records.map(({ shard }) => shard)).toEqual([
      'shardId-000000000000',
      'shardId-000000000001',
      'shardId-000000000000',
    ]);
  });

  it('lets an explicit hash key win over the partition key', () => {
    const [moved] = reshard([record('a', 1, { explicitHashKey: String(2n ** 128n - 1n) })], 2);

    expect(moved?.shard).toBe('shardId-000000000001');
  });

  it('merges by arrival with ties in line order', () => {
    const records = reshard([record('x', 5), record('y', 3), record('z', 5), record('w', 3)], 1);

    expect(records.map(({ partitionKey }) => partitionKey)).toEqual(['y', 'w', 'x', 'z']);
  });

  it('numbers the records anew, growing, with room for ticks between them', () => {
    const records = reshard([record('x', 1), record('y', 2)], 1);

    const [first, second] = records.map(({ sequence }) => BigInt(sequence)) as [bigint, bigint];
    expect(second - first).toBe(10n ** 16n);
    expect(records.map(({ sequence }) => sequence.length)).toEqual([56, 56]);
  });

  it('leaves arrival and data as they were', () => {
    const [moved] = reshard([record('x', 1234)], 4);

    expect(moved).toMatchObject({ arrivalMs: 1234, data: 'x', partitionKey: 'x' });
  });
});
