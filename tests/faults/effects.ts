/** What a delivered record is to lead to, read from the record itself. */
import { decodeKinesis, UserRecord } from '@millrace/adapters/kinesis/decode';
import { recordEntryKey, type SeriesKey, unmatchedEntryKey } from '@millrace/core/fold/key';
import { carrierMark, shardMark, unkeyedMark } from '@millrace/core/fold/marks';
import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import type { Key } from '@millrace/core/port';
import { newOutputBudget } from '@millrace/core/record/expand';
import { expandWithin, RecordTime } from '@millrace/core/record/expand-within';
import type { KinesisStreamRecord } from 'aws-lambda';
import type { UserCode } from '../../cli/src/replay/faults-hang';

export type Effect =
  | SeriesEffect<'measurement'>
  | SeriesEffect<'tick'>
  | { readonly kind: 'item'; readonly item: Key };

interface SeriesEffect<Kind> {
  readonly kind: Kind;
  readonly series: SeriesKey;
  readonly sub: number;
  /** What must have its mark at or above the record in the state. */
  readonly mark: string;
}

/** Remembers what it has decoded: every record is delivered many times. */
export function createEffects(pipeline: Pipeline, code: UserCode) {
  const known = new Map<string, readonly Effect[]>();
  return (record: KinesisStreamRecord): readonly Effect[] => {
    let effects = known.get(record.eventID);
    if (effects === undefined) {
      effects = effectsOf(record, pipeline, code);
      known.set(record.eventID, effects);
    }
    return effects;
  };
}

function effectsOf(record: KinesisStreamRecord, pipeline: Pipeline, code: UserCode): Effect[] {
  const time = new RecordTime(code.timeLimit);
  const budget = newOutputBudget();
  const { kinesis } = record;
  const ownKey = (kinesis.partitionKey as string | null) ?? '';
  const decoded = decodeKinesis(kinesis.data, ownKey);
  const at = { ...sourceOf(record), sequence: kinesis.sequenceNumber };
  const arrivalMs = Math.round(kinesis.approximateArrivalTimestamp * 1000);
  const effects: Effect[] = [];
  /** What its one entry in the quarantine is for. */
  let refused = null as 'refused' | 'unmatched' | null;
  let base = 0;
  for (const user of decoded instanceof UserRecord ? [decoded] : decoded) {
    const { partitionKey } = user;
    const ofShard = shardMark(at.stream, at.shard);
    const isCarried = !(decoded instanceof UserRecord) && partitionKey !== ownKey;
    const keyed = isCarried ? carrierMark(ownKey, ofShard) : ofShard;
    const mark = ownKey === '' ? unkeyedMark(ofShard) : keyed;
    if (user.record !== null) {
      base += expandWithin(
        time,
        user.record,
        pipeline,
        code.transforms,
        arrivalMs,
        (sub, decision) => {
          if (decision.kind === 'measurement') {
            const series = {
              metric: decision.metric.name,
              series: decision.series,
              partitionKey,
            };
            effects.push({ kind: 'measurement', series, sub, mark });
          } else {
            refused = decision.kind === 'rejection' ? 'refused' : (refused ?? 'unmatched');
          }
        },
        base,
        budget,
      );
      continue;
    }
    if (user.tick !== null) {
      const { metric, series, unkeyed } = user.tick;
      const key = { metric, series, partitionKey: unkeyed ? '' : partitionKey };
      effects.push({ kind: 'tick', series: key, sub: base, mark });
    } else {
      refused = 'refused';
    }
    base += 1;
  }
  if (refused !== null) {
    const keyOf = refused === 'refused' ? recordEntryKey : unmatchedEntryKey;
    effects.push({ kind: 'item', item: keyOf(at) });
  }
  return effects;
}

export function sourceOf({ eventID, eventSourceARN }: KinesisStreamRecord) {
  const shard = eventID.slice(0, eventID.indexOf(':'));
  return { stream: eventSourceARN.slice(eventSourceARN.indexOf('/') + 1), shard };
}
