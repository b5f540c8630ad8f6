import type { RecordToWrite } from '../recording/write';
import { equalShards } from '../replay/hash-range';
import { distort, type PlannedAnomaly } from './anomaly';
import { createDeliveryQueue, type Delivery, toRecord } from './delivery';
import { createPlacement } from './placement';
import type { Fault, ProduceOptions, ProducePlan } from './plan';
import { ticksOf } from './plan';
import type { HostRecord } from './poison';
import { type SeededRandom, seededRandom } from './random';
import { createSignal, type Signal } from './signal';
import type { Truth, TruthRecord } from './truth';

interface Series {
  readonly index: number;
  readonly host: string;
  readonly signal: Signal;
  /** Hosts do not sample in the same instant. */
  readonly offsetMs: number;
  readonly anomalies: readonly PlannedAnomaly[];
  frozen: number;
}

interface Tally {
  samples: number;
  outOfOrder: number;
  readonly late: TruthRecord[];
  readonly duplicates: TruthRecord[];
  readonly poison: (TruthRecord & { kind: string; reason: string })[];
}

/**
 * Makes the records of a plan in order of arrival, and then answers the truth about them. The same
 * options give the same records; memory holds only those still on their way.
 */
export function* generate(
  options: ProduceOptions,
  plan: ProducePlan,
): Generator<RecordToWrite, Truth, void> {
  const place = createPlacement(equalShards(options.shards));
  const queue = createDeliveryQueue();
  const way = seededRandom(options.seed, 'delivery');
  const tally: Tally = { samples: 0, outOfOrder: 0, late: [], duplicates: [], poison: [] };
  const series = Array.from({ length: options.series }, (_, index) =>
    newSeries(index, options, plan),
  );
  let records = 0;
  const placed = function* (deliveries: readonly Delivery[]): Generator<RecordToWrite> {
    for (const delivery of deliveries) {
      records++;
      yield toRecord(delivery, place);
    }
  };
  const ticks = ticksOf(options);
  for (let tick = 0; tick < ticks; tick++) {
    const tickMs = options.startMs + tick * options.periodMs;
    for (const each of series) {
      const record = sample(each, tick, Math.floor(tickMs + each.offsetMs));
      if (record === null) continue;
      const fault = plan.faults.get(tick * options.series + each.index);
      send(record, fault, { options, queue, way, tally });
    }
    yield* placed(queue.flush(tickMs));
  }
  yield* placed(queue.flush(Number.POSITIVE_INFINITY));
  return truthOf(options, plan, tally, records, series);
}

function newSeries(index: number, options: ProduceOptions, plan: ProducePlan): Series {
  const digits = Math.max(2, String(options.series).length);
  const host = `host-${String(index + 1).padStart(digits, '0')}`;
  const random = seededRandom(options.seed, `signal/${host}`);
  const anomalies = plan.anomalies.filter((anomaly) => anomaly.series === index);
  const signal = createSignal(random);
  return { index, host, signal, offsetMs: random.next() * options.periodMs, anomalies, frozen: 0 };
}

function sample(series: Series, tick: number, eventMs: number): HostRecord | null {
  const normal = series.signal.at(eventMs);
  const anomaly = series.anomalies.find((each) => eventMs >= each.fromMs && eventMs < each.toMs);
  if (anomaly === undefined) series.frozen = normal;
  const { signal, frozen, host } = series;
  const value =
    anomaly === undefined ? normal : distort(anomaly, normal, { eventMs, signal, frozen });
  if (value === null) return null;
  const rounded = Math.round(value * 1000) / 1000;
  return { type: 'host', id: `${host}-${tick}`, host, ts: eventMs, value: rounded };
}

interface Sending {
  readonly options: ProduceOptions;
  readonly queue: ReturnType<typeof createDeliveryQueue>;
  readonly way: SeededRandom;
  readonly tally: Tally;
}

function send(record: HostRecord, fault: Fault | undefined, sending: Sending): void {
  const { options, queue, way, tally } = sending;
  const deliver = (
    delayMs: number,
    list?: TruthRecord[],
    data?: string | Uint8Array,
    note?: object,
  ) => {
    const arrivalMs = record.ts + Math.floor(delayMs);
    queue.add({
      arrivalMs,
      partitionKey: record.host,
      data: data ?? JSON.stringify(record),
      ...(list && {
        placed: (place) => {
          const { id, host, ts } = record;
          list.push({ id, series: host, eventMs: ts, arrivalMs, ...place, ...note });
        },
      }),
    });
  };
  // Drawn for every sample, so that one fault more does not move the other samples.
  const latencyMs = way.between(40, 400);
  const heldUp = way.next() < options.outOfOrder;
  const heldUpMs = options.periodMs * way.between(1.1, 2.4) + 400;
  tally.samples++;
  if (fault?.kind === 'late') {
    deliver(latencyMs + fault.delayMs, tally.late);
    return;
  }
  if (heldUp) tally.outOfOrder++;
  const delayMs = latencyMs + (heldUp ? heldUpMs : 0);
  deliver(delayMs);
  if (fault?.kind === 'duplicate') deliver(delayMs + fault.afterMs, tally.duplicates);
  if (fault?.kind !== 'poison') return;
  const { poison } = fault;
  const spoilt = poison.make({ ...record, id: `${record.id}-poison` });
  const list = tally.poison as TruthRecord[];
  deliver(latencyMs + 5, list, spoilt, { kind: poison.name, reason: poison.reason });
}

function truthOf(
  options: ProduceOptions,
  plan: ProducePlan,
  tally: Tally,
  records: number,
  series: readonly Series[],
): Truth {
  const { late, duplicates, poison, outOfOrder } = tally;
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    v: 1,
    options,
    windows: plan.windows,
    expected: {
      records,
      in: records,
      applied: tally.samples - late.length,
      late: late.length,
      duplicate: duplicates.length,
      invalid: poison.length,
      unmatched: 0,
    },
    anomalies: plan.anomalies.map((anomaly) => ({
      kind: anomaly.kind,
      series: (series[anomaly.series] as Series).host,
      from: iso(anomaly.fromMs),
      to: iso(anomaly.toMs),
      size: Math.round(anomaly.size * 100) / 100,
    })),
    late,
    duplicates,
    poison,
    outOfOrder,
  };
}
