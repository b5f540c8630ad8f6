import { createDeliveryQueue, type Delivery, toRecord } from '../produce/delivery';
import { createPlacement } from '../produce/placement';
import { seededRandom } from '../produce/random';
import type { RecordToWrite } from '../recording/write';
import { equalShards } from '../replay/hash-range';
import type { TelemetryRecord } from './telemetry';

/**
 * The way from the agent to the stream, as a small model: the telemetry is measured, its delivery is
 * not. Once a second the agent sends one message per sensor; the link jitters and, in a recording of
 * ten minutes or more, fails once for one sensor, loses two acknowledgements and cuts a few messages.
 * Seeded, so that a capture always gives the same recording.
 */
export interface UplinkOptions {
  readonly seed: number;
  readonly shards: number;
  readonly startMs: number;
  readonly durationMs: number;
  /** The sensor whose link fails for a while: its samples wait and are then sent newest first. */
  readonly outageSensor: string;
}

export interface UplinkTruth {
  readonly outage: { readonly sensor: string; readonly from: string; readonly to: string } | null;
  /** Ids of the records that were sent a second time. */
  readonly duplicates: readonly string[];
  /** Ids of the records whose message was cut, so that they can never be applied. */
  readonly cut: readonly string[];
}

export interface Uplink {
  /** Hands over the samples of one moment and answers what has arrived by then, in order. */
  send(timeMs: number, records: readonly TelemetryRecord[]): readonly RecordToWrite[];
  /** What is still on its way. */
  finish(): readonly RecordToWrite[];
  truth(): UplinkTruth;
}

/** Long enough that the oldest waiting samples come too late, short enough that most do not. */
const OUTAGE_MS = 90_000;
/** Where the outage begins, as a share of the recording: between the disturbances of the shipped one. */
const OUTAGE_AT_SHARE = 0.64;
/** A shorter recording gets jitter and nothing else: an outage would be most of it. */
const FAULTS_FROM_MS = 600_000;
/** Second within half a minute: 16 samples before the next one ends, as `pipeline.json` cuts windows. */
const OUTAGE_SECOND = 14;
const LOST_ACKNOWLEDGEMENTS = 2;
const CUT_MESSAGES = 4;

export function createUplink(options: UplinkOptions): Uplink {
  const random = seededRandom(options.seed, 'uplink');
  const place = createPlacement(equalShards(options.shards));
  const queue = createDeliveryQueue();
  const seconds = Math.floor(options.durationMs / 1000);
  const faulty = options.durationMs >= FAULTS_FROM_MS;
  const drawSeconds = (count: number) =>
    new Set(Array.from({ length: faulty ? count : 0 }, () => 20 + random.int(seconds - 40)));
  const resentSeconds = drawSeconds(LOST_ACKNOWLEDGEMENTS);
  const cutSeconds = drawSeconds(CUT_MESSAGES);
  const aboutMs = options.startMs + seconds * OUTAGE_AT_SHARE * 1000;
  const outageStartMs = Math.floor(aboutMs / 30_000) * 30_000 + OUTAGE_SECOND * 1000;
  const outageEndMs = outageStartMs + OUTAGE_MS;
  const waiting: TelemetryRecord[] = [];
  const duplicates: string[] = [];
  const cut: string[] = [];
  const arrived = (deliveries: readonly Delivery[]) =>
    deliveries.map((delivery) => toRecord(delivery, place));

  const deliver = (record: TelemetryRecord, arrivalMs: number, cutShort = false): void => {
    const partitionKey = `${record.host}/${record.sensor}`;
    const text = JSON.stringify(record);
    const data = cutShort ? Buffer.from(text.slice(0, Math.floor(text.length / 2))) : text;
    queue.add({ arrivalMs: Math.floor(arrivalMs), partitionKey, data });
  };
  /** A stack empties from its top: the agent sends what it kept back newest first. */
  const release = (atMs: number): void => {
    for (const [index, record] of waiting.reverse().entries()) deliver(record, atMs + 3 * index);
    waiting.length = 0;
  };

  return {
    send(timeMs, records) {
      const second = Math.round((timeMs - options.startMs) / 1000);
      const arrivalMs = timeMs + random.between(80, 450);
      const cutIndex = cutSeconds.has(second) ? random.int(records.length) : -1;
      const inOutage = faulty && timeMs >= outageStartMs && timeMs < outageEndMs;
      const kept = (record: TelemetryRecord) => inOutage && record.sensor === options.outageSensor;
      if (!inOutage && waiting.length > 0) release(arrivalMs - 60);
      for (const [index, record] of records.entries()) {
        if (kept(record)) {
          waiting.push(record);
          continue;
        }
        deliver(record, arrivalMs + index, index === cutIndex);
        if (index === cutIndex) cut.push(record.id);
        else if (resentSeconds.has(second)) {
          deliver(record, arrivalMs + 2_000 + index);
          duplicates.push(record.id);
        }
      }
      return arrived(queue.flush(timeMs));
    },
    finish() {
      release(options.startMs + options.durationMs + 500);
      return arrived(queue.flush(Number.POSITIVE_INFINITY));
    },
    truth: () => ({
      outage: faulty
        ? {
            sensor: options.outageSensor,
            from: new Date(outageStartMs).toISOString(),
            to: new Date(outageEndMs).toISOString(),
          }
        : null,
      duplicates,
      cut,
    }),
  };
}
