/**
 * The live path in one pass: no batches, no storage, no retries, no sketches, no shared code. Whatever
 * the product does with a stream, its rows, quarantine and accounting must equal these.
 */
import { type ExpectedValue, isFiniteRow, referenceAggregates } from './reference-aggregate';
import { type ReferenceMetric, readReferenceMetrics } from './reference-pipeline';
import {
  decodeReference,
  matches,
  type ReferenceMeasurement,
  type ReferenceRecord,
  validateReference,
} from './reference-record';

export type { ReferenceRecord } from './reference-record';

export interface ReferenceRow {
  readonly metric: string;
  readonly series: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly rev: number;
  readonly late: number;
  readonly values: Readonly<Record<string, ExpectedValue>>;
}

export interface ReferenceQuarantine {
  readonly reason: string;
  readonly metric: string | null;
  readonly shard: string;
  readonly sequence: string;
  readonly sub: number;
  readonly partitionKey: string;
  readonly arrivalMs: number;
  readonly data: Buffer;
}

export interface ReferenceAccounting {
  records: number;
  in: number;
  applied: number;
  late: number;
  duplicate: number;
  invalid: number;
  unmatched: number;
  revised: number;
  dedupeOverflow: number;
}

export interface ReferenceResult {
  /** Sorted by metric, series, start. */
  readonly rows: ReferenceRow[];
  /** In the order of the records. */
  readonly quarantine: ReferenceQuarantine[];
  readonly accounting: ReferenceAccounting;
}

interface Window {
  readonly startMs: number;
  readonly endMs: number;
  readonly applied: ReferenceMeasurement[];
  readonly keys: string[];
  rev: number;
  late: number;
}

export interface ReferenceOptions {
  readonly stateTtlMs?: number;
  /** Whether a transform never returns for a record; it changes nothing of others. */
  readonly hangs?: (json: Readonly<Record<string, unknown>>) => boolean;
}

/** One (metric, partition key, series). */
interface Part {
  readonly metric: ReferenceMetric;
  readonly series: string;
  /** No window is ever forgotten here: lateness alone decides what may still change one. */
  readonly windows: Map<number, Window>;
  watermarkMs: number;
  lastArrivalMs: number | null;
  sawHuge: boolean;
}

type Verdict = 'applied' | 'late' | 'duplicate' | 'fold';

const STATE_TTL_MS = 7 * 86_400_000;
/** Below it no aggregate of a test-sized window can overflow. */
const HUGE = 1e150;

/**
 * `records`: all records of all shards, each shard's in its own order. `pipelineJson`: the parsed text of
 * a valid `pipeline.json` whose transforms change nothing that metrics read. At the end of the records every window is closed.
 */
export function reference(
  records: readonly ReferenceRecord[],
  pipelineJson: unknown,
  options: ReferenceOptions = {},
): ReferenceResult {
  const metrics = readReferenceMetrics(pipelineJson);
  const parts = new Map<string, Part>();
  const quarantine: ReferenceQuarantine[] = [];
  const accounting = emptyAccounting();
  const stateTtlMs = options.stateTtlMs ?? STATE_TTL_MS;

  function reject(record: ReferenceRecord, metric: string | null, reason: string): void {
    const { shard, sequence, sub = 0, partitionKey, arrivalMs, bytes } = record;
    const position = { shard, sequence, sub, partitionKey, arrivalMs };
    quarantine.push({ reason, metric, ...position, data: bytes });
  }

  function measure(
    record: ReferenceRecord,
    metric: ReferenceMetric,
    json: Record<string, unknown>,
  ) {
    const measurement = validateReference(metric, json, record.arrivalMs);
    if ('reason' in measurement) {
      accounting.invalid += 1;
      reject(record, metric.name, measurement.reason);
      return;
    }
    const id = JSON.stringify([metric.name, record.partitionKey, measurement.series]);
    const part = parts.get(id) ?? newPart(metric, measurement.series);
    part.sawHuge ||= Math.abs(measurement.value) > HUGE;
    // What cannot be applied must leave no trace, also not in what idle close did.
    const draft = part.sawHuge ? structuredClone(part) : part;
    const verdict = fold(draft, measurement, record.arrivalMs, stateTtlMs, accounting);
    if (verdict === 'fold') {
      accounting.invalid += 1;
      reject(record, metric.name, 'fold');
      return;
    }
    parts.set(id, draft);
    accounting[verdict] += 1;
    if (verdict === 'late') {
      reject(record, metric.name, 'late');
    }
  }

  /** Stream record in which a transform took all the time there is: no other of its parts is read. */
  let hanging = '';
  for (const record of records) {
    accounting.records += 1;
    const decoded = decodeReference(record);
    if ('reason' in decoded) {
      accounting.in += 1;
      accounting.invalid += 1;
      reject(record, null, decoded.reason);
      continue;
    }
    const at = `${record.shard} ${record.sequence}`;
    if (hanging === at || options.hangs?.(decoded.json)) {
      hanging = at;
      accounting.in += 1;
      accounting.invalid += 1;
      reject(record, null, 'transform');
      continue;
    }
    const matching = metrics.filter((metric) => matches(metric, decoded.json));
    accounting.in += Math.max(1, matching.length);
    accounting.unmatched += matching.length === 0 ? 1 : 0;
    for (const metric of matching) {
      measure(record, metric, decoded.json);
    }
  }
  return { rows: mergeParts([...parts.values()]), quarantine, accounting };
}

/** Decides about one valid measurement and carries it out on `part`. */
function fold(
  part: Part,
  measurement: ReferenceMeasurement,
  arrivalMs: number,
  stateTtlMs: number,
  accounting: ReferenceAccounting,
): Verdict {
  const { metric } = part;
  endSilence(part, arrivalMs, stateTtlMs);
  part.lastArrivalMs = Math.max(part.lastArrivalMs ?? arrivalMs, arrivalMs);

  const startMs =
    Math.floor((measurement.eventMs - metric.offsetMs) / metric.sizeMs) * metric.sizeMs +
    metric.offsetMs;
  const endMs = startMs + metric.sizeMs;
  if (endMs + metric.allowedLatenessMs <= part.watermarkMs) {
    return 'late';
  }
  const window = part.windows.get(startMs) ?? newWindow(startMs, endMs);
  const key = measurement.dedupeKey;
  if (key !== null && window.keys.includes(key)) {
    return 'duplicate';
  }
  window.applied.push(measurement);
  if (part.sawHuge && !isFiniteRow(metric, [window.applied])) {
    return 'fold';
  }
  part.windows.set(startMs, window);
  remember(window, key, metric.remember, accounting);
  if (endMs <= part.watermarkMs) {
    window.late += 1;
    accounting.revised += window.rev > 0 ? 1 : 0;
    window.rev += 1;
  }
  // The clock that stamped the event may be fast; the arrival is never later than now.
  const seenMs = Math.min(measurement.eventMs, arrivalMs);
  moveWatermark(part, seenMs - metric.outOfOrdernessMs);
  return 'applied';
}

/**
 * Nothing came for `idleClose`: windows are over as far as their time is, reckoned from this arrival.
 * Nothing came for the state's time to live: a new life, behind a watermark of its own.
 */
function endSilence(part: Part, arrivalMs: number, stateTtlMs: number): void {
  const { lastArrivalMs, metric } = part;
  if (lastArrivalMs === null) {
    return;
  }
  const silenceMs = arrivalMs - lastArrivalMs;
  const presentMs = arrivalMs - metric.outOfOrdernessMs;
  if (silenceMs >= metric.idleCloseMs || silenceMs > stateTtlMs) {
    const openEnds = [...part.windows.values()].filter((w) => w.rev === 0).map((w) => w.endMs);
    moveWatermark(part, Math.min(presentMs, Math.max(-Infinity, ...openEnds)));
  }
  if (silenceMs > stateTtlMs) {
    const forgottenMs = arrivalMs - stateTtlMs;
    const heldMs = metric.maxFutureSkewMs + metric.allowedLatenessMs + metric.sizeMs;
    moveWatermark(part, Math.min(presentMs, forgottenMs + heldMs));
  }
}

/** Forward only. */
function moveWatermark(part: Part, watermarkMs: number): void {
  if (watermarkMs <= part.watermarkMs) {
    return;
  }
  part.watermarkMs = watermarkMs;
  for (const window of part.windows.values()) {
    if (window.rev === 0 && window.endMs <= watermarkMs) {
      window.rev = 1;
    }
  }
}

function remember(
  window: Window,
  key: string | null,
  keysMax: number,
  accounting: ReferenceAccounting,
): void {
  if (key === null) {
    return;
  }
  window.keys.push(key);
  if (window.keys.length > keysMax) {
    window.keys.shift();
    accounting.dedupeOverflow += 1;
  }
}

/** The end of the stream closes what is open; then the parts of a series become one row a window. */
function mergeParts(parts: readonly Part[]): ReferenceRow[] {
  const grouped = new Map<string, { part: Part; windows: Window[] }>();
  for (const part of parts) {
    for (const window of part.windows.values()) {
      window.rev = Math.max(1, window.rev);
      const id = JSON.stringify([part.metric.name, part.series, window.startMs]);
      const group = grouped.get(id) ?? { part, windows: [] };
      group.windows.push(window);
      grouped.set(id, group);
    }
  }
  return [...grouped.values()]
    .map(({ part, windows }) => mergeRow(part, windows))
    .sort(compareRows);
}

function mergeRow(part: Part, windows: readonly Window[]): ReferenceRow {
  const { startMs, endMs } = windows[0]!;
  return {
    metric: part.metric.name,
    series: part.series,
    startMs,
    endMs,
    rev: Math.max(...windows.map((window) => window.rev)),
    late: windows.reduce((sum, window) => sum + window.late, 0),
    values: referenceAggregates(
      part.metric,
      windows.map((window) => window.applied),
    ),
  };
}

function compareRows(a: ReferenceRow, b: ReferenceRow): number {
  return (
    Buffer.compare(Buffer.from(a.metric), Buffer.from(b.metric)) ||
    Buffer.compare(Buffer.from(a.series), Buffer.from(b.series)) ||
    a.startMs - b.startMs
  );
}

function newPart(metric: ReferenceMetric, series: string): Part {
  const windows = new Map<number, Window>();
  return { metric, series, windows, watermarkMs: -Infinity, lastArrivalMs: null, sawHuge: false };
}

function newWindow(startMs: number, endMs: number): Window {
  return { startMs, endMs, applied: [], keys: [], rev: 0, late: 0 };
}

function emptyAccounting(): ReferenceAccounting {
  return {
    records: 0,
    in: 0,
    applied: 0,
    late: 0,
    duplicate: 0,
    invalid: 0,
    unmatched: 0,
    revised: 0,
    dedupeOverflow: 0,
  };
}
