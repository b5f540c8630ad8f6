import type { RecordToWrite } from '../recording/write';
import type { Place } from './placement';

/** One record on its way into the stream, before it has a shard and a sequence number. */
export interface Delivery {
  readonly arrivalMs: number;
  readonly partitionKey: string;
  /** A JSON object as text, or exact bytes when it is no such thing. */
  readonly data: string | Uint8Array;
  /** Called with the record's place, so that the truth can name it. */
  readonly placed?: (place: Place) => void;
}

/** Gives a delivery its place in the stream. Call in order of arrival. */
export function toRecord(
  delivery: Delivery,
  placeOf: (partitionKey: string) => Place,
): RecordToWrite {
  const { partitionKey, arrivalMs, data } = delivery;
  const place = placeOf(partitionKey);
  delivery.placed?.(place);
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
  return { ...place, partitionKey, arrivalMs, bytes };
}

/**
 * Puts deliveries in order of arrival while they are produced in order of event time. Ties keep the
 * order in which they were added. Memory: the deliveries that are still on their way.
 */
export function createDeliveryQueue() {
  const slots = new Map<number, Delivery[]>();
  let flushedTo = Number.NEGATIVE_INFINITY;
  return {
    add(delivery: Delivery): void {
      if (delivery.arrivalMs < flushedTo) throw new Error('a delivery before the last flush');
      const second = Math.floor(delivery.arrivalMs / 1000);
      const slot = slots.get(second);
      if (slot === undefined) slots.set(second, [delivery]);
      else slot.push(delivery);
    },
    /** Everything that arrives before a whole second, in order; Infinity takes the rest. */
    flush(beforeMs: number): readonly Delivery[] {
      const due = [...slots.keys()].filter((second) => (second + 1) * 1000 <= beforeMs);
      flushedTo = Math.max(flushedTo, Math.floor(beforeMs / 1000) * 1000);
      due.sort((a, b) => a - b);
      return due.flatMap((second) => {
        const slot = slots.get(second) as Delivery[];
        slots.delete(second);
        return slot.sort((a, b) => a.arrivalMs - b.arrivalMs);
      });
    },
  };
}
