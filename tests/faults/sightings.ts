/** What the faults came to, seen from outside: the kinds of a plan do not say it by themselves. */

import { decodeKinesis, UserRecord } from '@millrace/adapters/kinesis/decode';
import { compareSequence } from '@millrace/core/record/sequence';
import type { EngineEvent } from '@millrace/engine';
import type { KinesisStreamEvent } from 'aws-lambda';
import type { Source } from '../../cli/src/replay/source';
import { sourceOf } from './effects';

export interface Sightings {
  /** Answers what to call when the invocation has ended. */
  delivered(event: KinesisStreamEvent): () => void;
  engine(event: EngineEvent): void;
  readonly counts: Readonly<Record<string, number>>;
}

export function createSightings({ shards, records }: Source): Sightings {
  const counts: Record<string, number> = {};
  const see = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const byId = new Map(shards.map((shard) => [shard.id, shard]));
  const newest = new Map<string, string>();
  const running = new Map<string, number>();
  const last = new Map(records.map(({ shard, sequence }) => [shard, sequence]));
  countAggregates(records, counts);
  for (const { parent, adjacent } of shards) {
    if (adjacent !== null) see('reshard/merge');
    else if (parent !== null) see('reshard/split');
    if (parent !== null && byId.get(parent)?.parent != null) see('reshard/chain');
  }
  const isDrained = (id: string | null) => {
    const end = last.get(id ?? '');
    const seen = newest.get(id ?? '');
    return end === undefined || (seen !== undefined && compareSequence(seen, end) >= 0);
  };
  return {
    counts,
    delivered: ({ Records }) => {
      const { shard } = sourceOf(Records[0]!);
      const [first, end] = [Records[0]!, Records.at(-1)!].map((r) => r.kinesis.sequenceNumber);
      const known = newest.get(shard);
      const isOld = known !== undefined && compareSequence(end!, known) <= 0;
      if (isOld) see('redelivered');
      if (isOld && (running.get(shard) ?? 0) > 0) see('redelivered/beside another batch');
      if (known === undefined || compareSequence(end!, known) > 0) newest.set(shard, end!);
      const { parent = null, adjacent = null } = byId.get(shard) ?? {};
      if (first !== undefined && !(isDrained(parent) && isDrained(adjacent))) see('child early');
      running.set(shard, (running.get(shard) ?? 0) + 1);
      return () => running.set(shard, (running.get(shard) ?? 1) - 1);
    },
    engine: (event) => {
      if (event.kind === 'bisect') see('bisect');
      if (event.kind !== 'partial-failure') return;
      const { acknowledged, batch } = event;
      if (acknowledged === 0) see('cut/at the first record');
      else see(acknowledged === batch.batchSize - 1 ? 'cut/at the last record' : 'cut/in between');
    },
  };
}

function countAggregates(records: Source['records'], counts: Record<string, number>): void {
  const decoded = records.map(({ data, partitionKey }) => decodeKinesis(data, partitionKey));
  const aggregates = decoded
    .filter((each) => !(each instanceof UserRecord))
    .map((each) => each as readonly UserRecord[]);
  const spoilt = aggregates.filter((users) => users.some(({ refused }) => refused !== null));
  const keyed = aggregates.filter((users) =>
    users.some(({ refused }) => refused?.reason === 'key'),
  );
  const carriers = new Set(
    records
      .filter((_, at) => !(decoded[at] instanceof UserRecord))
      .map((record) => record.partitionKey),
  );
  counts.aggregated = aggregates.length;
  counts['aggregated/poison inside'] = spoilt.length;
  counts['aggregated/bad key inside'] = keyed.length;
  if (carriers.size > 1) counts['aggregated/several carriers'] = aggregates.length;
}
