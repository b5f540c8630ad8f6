import {
  type ChildShard,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type Shard,
} from '@aws-sdk/client-kinesis';
import type { CallLimits } from './retry';
import { beginCall, RefusedError } from './retry';

/** A shard as the stream names it; `hash` is the inclusive range of hash keys, decimal. */
export interface StreamShard {
  readonly id: string;
  readonly parent: string | null;
  readonly adjacent: string | null;
  readonly hash: readonly [string, string];
}

export interface ReadRecord {
  readonly sequence: string;
  readonly partitionKey: string;
  /** Epoch milliseconds. */
  readonly arrivalMs: number;
  readonly data: Uint8Array;
}

/** Where a shard is read from: its oldest record, a moment, or behind a record. */
export type ReadPosition =
  | { readonly kind: 'oldest' }
  | { readonly kind: 'at'; readonly timeMs: number }
  | { readonly kind: 'after'; readonly sequence: string };

export interface ReadPage {
  readonly records: readonly ReadRecord[];
  /** null = the shard is closed and all of it was read. */
  readonly next: string | null;
  /** With `next` null: the shards that go on where this one ended. */
  readonly children: readonly StreamShard[];
  /** How far the page is behind the end of the shard. */
  readonly behindMs: number;
}

export interface KinesisReader {
  /** ARN and name of the stream; throws `UnavailableError` when there is none. */
  describe(): Promise<{ readonly arn: string; readonly name: string }>;
  /** Every shard the stream still knows, closed ones too. */
  listShards(): Promise<readonly StreamShard[]>;
  iterator(shard: string, position: ReadPosition): Promise<string>;
  /** `expired`: five minutes passed since the iterator was made; make another one. */
  read(iterator: string): Promise<ReadPage | 'expired'>;
}

/** An answer holds up to 10 MiB, which takes longer than what the hot path waits for. */
export const READ_LIMITS = {
  attemptsMax: 8,
  attemptMsMax: 15_000,
  totalMsMax: 60_000,
} as const satisfies CallLimits;

const RECORDS_A_CALL_MAX = 10_000;
/** A stream has at most a few thousand shards, a page 1,000. */
const PAGES_MAX = 100;

/** A stream by its name, or by its ARN (which another account's stream needs). */
export function streamOf(nameOrArn: string): { StreamARN: string } | { StreamName: string } {
  return nameOrArn.startsWith('arn:') ? { StreamARN: nameOrArn } : { StreamName: nameOrArn };
}

/** Reads one Kinesis stream shard by shard. It shares 5 calls a second and shard with all readers. */
export function createKinesisReader(options: {
  readonly client: KinesisClient;
  /** Name or ARN. */
  readonly stream: string;
  readonly limits?: CallLimits;
}): KinesisReader {
  const { client, stream, limits = READ_LIMITS } = options;
  const target = `stream ${stream}`;
  const byArn = stream.startsWith('arn:') ? { StreamARN: stream } : {};

  async function shardPage(after: string | undefined) {
    const from = after === undefined ? streamOf(stream) : { NextToken: after };
    return beginCall(
      { operation: 'ListShards', target },
      limits,
    )((abortSignal) => client.send(new ListShardsCommand(from), { abortSignal }));
  }

  return {
    async describe() {
      const call = beginCall({ operation: 'DescribeStreamSummary', target }, limits);
      const { StreamDescriptionSummary: summary } = await call((abortSignal) =>
        client.send(new DescribeStreamSummaryCommand(streamOf(stream)), { abortSignal }),
      );
      return { arn: summary?.StreamARN ?? '', name: summary?.StreamName ?? stream };
    },
    async listShards() {
      const shards: StreamShard[] = [];
      let after: string | undefined;
      for (let pages = 0; pages < PAGES_MAX; pages++) {
        const page = await shardPage(after);
        shards.push(...(page.Shards ?? []).map(shardOf));
        after = page.NextToken;
        if (after === undefined) break;
      }
      return shards;
    },
    async iterator(shard, position) {
      const call = beginCall({ operation: 'GetShardIterator', target }, limits);
      const { ShardIterator } = await call((abortSignal) =>
        client.send(
          new GetShardIteratorCommand({
            ...streamOf(stream),
            ShardId: shard,
            ...wirePosition(position),
          }),
          { abortSignal },
        ),
      );
      return ShardIterator as string;
    },
    async read(iterator) {
      const call = beginCall({ operation: 'GetRecords', target }, limits);
      return call(async (abortSignal) => {
        const input = { ShardIterator: iterator, Limit: RECORDS_A_CALL_MAX, ...byArn };
        try {
          return pageOf(await client.send(new GetRecordsCommand(input), { abortSignal }));
        } catch (error) {
          const { name, message } = error as Error;
          if (name === 'ExpiredIteratorException') return 'expired';
          if (name === 'KMSThrottlingException') throw new RefusedError(message);
          throw error;
        }
      });
    },
  };
}

function pageOf(answer: {
  Records?:
    | {
        SequenceNumber?: string | undefined;
        PartitionKey?: string | undefined;
        ApproximateArrivalTimestamp?: Date | undefined;
        Data?: Uint8Array | undefined;
      }[]
    | undefined;
  NextShardIterator?: string | undefined;
  ChildShards?: ChildShard[] | undefined;
  MillisBehindLatest?: number | undefined;
}): ReadPage {
  return {
    records: (answer.Records ?? []).map((record) => ({
      sequence: record.SequenceNumber ?? '',
      partitionKey: record.PartitionKey ?? '',
      arrivalMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
      data: record.Data ?? new Uint8Array(),
    })),
    next: answer.NextShardIterator ?? null,
    children: (answer.ChildShards ?? []).map(childOf),
    behindMs: answer.MillisBehindLatest ?? 0,
  };
}

function wirePosition(position: ReadPosition) {
  switch (position.kind) {
    case 'oldest':
      return { ShardIteratorType: 'TRIM_HORIZON' as const };
    case 'at':
      return {
        ShardIteratorType: 'AT_TIMESTAMP' as const,
        Timestamp: new Date(position.timeMs),
      };
    case 'after':
      return {
        ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const,
        StartingSequenceNumber: position.sequence,
      };
  }
}

function shardOf({ ShardId, ParentShardId, AdjacentParentShardId, HashKeyRange }: Shard) {
  return {
    id: ShardId ?? '',
    parent: ParentShardId ?? null,
    adjacent: AdjacentParentShardId ?? null,
    hash: rangeOf(HashKeyRange),
  };
}

function childOf({ ShardId, ParentShards = [], HashKeyRange }: ChildShard): StreamShard {
  const [parent = null, adjacent = null] = ParentShards;
  return { id: ShardId ?? '', parent, adjacent, hash: rangeOf(HashKeyRange) };
}

function rangeOf(range: Shard['HashKeyRange']): readonly [string, string] {
  return [range?.StartingHashKey ?? '0', range?.EndingHashKey ?? '0'];
}
