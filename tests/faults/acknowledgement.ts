import { decodeKinesis, UserRecord } from '@millrace/adapters/kinesis/decode';
import { quarantineKey, type SeriesKey } from '@millrace/core/fold/key';
import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import type { Key } from '@millrace/core/port';
import { expand } from '@millrace/core/record/expand';
import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import type { Observer } from './observer';

interface Effects {
  readonly series: readonly SeriesKey[];
  readonly items: readonly Key[];
}

/** Checks every answer of the consumer: what it acknowledges is committed and written. */
export function createAcknowledgementCheck(pipeline: Pipeline, observer: Observer) {
  const known = new Map<string, Effects>();

  function effectsOf(record: KinesisStreamRecord): Effects {
    const found = known.get(record.eventID);
    if (found !== undefined) return found;
    const { kinesis, eventID } = record;
    const at = { ...sourceOf(record), sequence: kinesis.sequenceNumber };
    const series: SeriesKey[] = [];
    const items: Key[] = [];
    const decoded = decodeKinesis(kinesis.data, kinesis.partitionKey);
    const user = decoded instanceof UserRecord ? decoded : null;
    const arrivalMs = Math.round(kinesis.approximateArrivalTimestamp * 1000);
    if (user?.record) {
      expand(user.record, pipeline, new Map(), arrivalMs, (sub, decision) => {
        if (decision.kind === 'measurement') {
          const { metric, series: name } = decision;
          series.push({ metric: metric.name, series: name, partitionKey: kinesis.partitionKey });
        } else {
          const metric = decision.kind === 'rejection' ? (decision.metric?.name ?? null) : null;
          items.push(quarantineKey({ ...at, sub, metric }));
        }
      });
    } else if (user?.refused) {
      items.push(quarantineKey({ ...at, sub: 0, metric: null }));
    }
    known.set(eventID, { series, items });
    return { series, items };
  }

  return (event: KinesisStreamEvent, answer: unknown): string | null => {
    const failures = (answer as { batchItemFailures: { itemIdentifier: string }[] } | undefined)
      ?.batchItemFailures;
    if (failures === undefined) return `I7: the answer was ${JSON.stringify(answer)}`;
    const places = failures.map(({ itemIdentifier }) =>
      event.Records.findIndex(({ kinesis }) => kinesis.sequenceNumber === itemIdentifier),
    );
    if (places.includes(-1)) return 'I7: a record was reported that is not in the batch';
    for (const record of event.Records.slice(0, Math.min(event.Records.length, ...places))) {
      const { stream, shard } = sourceOf(record);
      const sequence = record.kinesis.sequenceNumber;
      // A record that killed the process too often is refused as a whole, undecoded.
      if (observer.has(quarantineKey({ stream, shard, sequence, sub: 0, metric: null }))) continue;
      const { series, items } = effectsOf(record);
      for (const key of series) {
        observer.acknowledgedMeasurement(key, `${stream}/${shard}`, sequence);
      }
      for (const key of items) observer.acknowledgedItem(key);
    }
    return null;
  };
}

function sourceOf({ eventID, eventSourceARN }: KinesisStreamRecord) {
  const shard = eventID.slice(0, eventID.indexOf(':'));
  return { stream: eventSourceARN.slice(eventSourceARN.indexOf('/') + 1), shard };
}
