import type {
  KinesisReader,
  ReadPosition,
  ReadRecord,
  StreamShard,
} from '@millrace/adapters/aws/kinesis-reader';

export interface ScriptedShard extends StreamShard {
  readonly records: readonly ReadRecord[];
  readonly closed: boolean;
  /** false: a shard that the stream only names when its parent ends. */
  readonly listed?: boolean;
}

const PAGE = 2;
const FAR_MS = 24 * 3_600_000;

/**
 * A stream as AWS behaves and emulators do not: a closed shard ends and names its children, which have
 * records before their parents are read. Iterators are `shard/position`.
 */
export function scriptedStream(shards: readonly ScriptedShard[]) {
  const calls: string[] = [];
  const find = (id: string) => shards.find((shard) => shard.id === id) as ScriptedShard;
  const reader: KinesisReader = {
    async describe() {
      return { arn: 'arn:aws:kinesis:local:1:stream/s', name: 's' };
    },
    async listShards() {
      return shards.filter(({ listed }) => listed !== false);
    },
    async iterator(shard, position) {
      return `${shard}/${indexOf(find(shard).records, position)}`;
    },
    async read(iterator) {
      const [id = '', at = '0'] = iterator.split('/');
      calls.push(id);
      const { records, closed } = find(id);
      const end = Math.min(Number(at) + PAGE, records.length);
      const isEnd = closed && end === records.length;
      return {
        records: records.slice(Number(at), end),
        next: isEnd ? null : `${id}/${end}`,
        children: isEnd
          ? shards.filter(({ parent, adjacent }) => parent === id || adjacent === id)
          : [],
        behindMs: end < records.length ? FAR_MS : 0,
      };
    },
  };
  return { reader, calls };
}

function indexOf(records: readonly ReadRecord[], position: ReadPosition): number {
  if (position.kind === 'oldest') return 0;
  const at = records.findIndex(({ sequence, arrivalMs }) =>
    position.kind === 'after'
      ? BigInt(sequence) > BigInt(position.sequence)
      : arrivalMs >= position.timeMs,
  );
  return at < 0 ? records.length : at;
}
