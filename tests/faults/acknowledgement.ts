import { unreadEntryKey } from '@millrace/core/fold/key';
import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import { type Effect, sourceOf } from './effects';
import type { Observer } from './observer';

/** Checks every answer of the consumer: what it acknowledges is committed and written. */
export function createAcknowledgementCheck(
  effectsOf: (record: KinesisStreamRecord) => readonly Effect[],
  observer: Observer,
) {
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
      if (observer.has(unreadEntryKey({ stream, shard, sequence }))) continue;
      for (const effect of effectsOf(record)) {
        if (effect.kind === 'item') observer.acknowledgedItem(effect.item);
        if (effect.kind !== 'measurement') continue;
        const at = { sequence, sub: effect.sub };
        observer.acknowledgedMeasurement(effect.series, effect.mark, at);
      }
    }
    return null;
  };
}
