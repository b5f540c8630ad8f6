import { completeRanges } from '../../../../cli/src/replay/shards/complete-ranges';

const MAX = String(2n ** 128n - 1n);
const HALF = 2n ** 127n;

function shard(id: string, parent: string | null = null, adjacent: string | null = null) {
  return { id, parent, adjacent, hash: null };
}

describe('completeRanges', () => {
  it('leaves shards that have ranges as they are', () => {
    const shards = [{ ...shard('a'), hash: ['0', MAX] as const }];

    expect(completeRanges(shards)).toBe(shards);
  });

  it('shares the hash keys among the youngest, and gives a parent all of its children', () => {
    const ranges = completeRanges([shard('p'), shard('c1', 'p'), shard('c2', 'p')]);

    expect(ranges.map(({ hash }) => hash)).toEqual([
      ['0', MAX],
      ['0', String(HALF - 1n)],
      [String(HALF), MAX],
    ]);
  });

  it('gives both parents of a merge the range of the child', () => {
    const ranges = completeRanges([shard('a'), shard('b'), shard('c', 'a', 'b')]);

    expect(ranges.map(({ hash }) => hash)).toEqual([
      ['0', MAX],
      ['0', MAX],
      ['0', MAX],
    ]);
  });

  it('does not stumble over a parent that is not listed', () => {
    const [only] = completeRanges([shard('c', 'gone')]);

    expect(only?.hash).toEqual(['0', MAX]);
  });
});
