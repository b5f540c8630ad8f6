/** Clocks that run far ahead, in some of the generated streams; the others stay as they were. */
import type { PipelineJson } from './generate-pipeline';
import { createChoices } from './random';
import type { ReferenceRecord } from './reference';

const SCENARIOS = 0.2;
const RECORDS = 0.06;
const SKEW = '1h';
/** The last is too far. */
const AHEAD_MS = [90_000, 600_000, 1_800_000, 3_599_999, 3_600_000, 3_600_001];

/** Lets metrics take times of an hour ahead, and some records have them. */
export function withFastClocks(
  seed: number,
  pipeline: PipelineJson,
  records: readonly ReferenceRecord[],
): { readonly pipeline: PipelineJson; readonly records: readonly ReferenceRecord[] } {
  const choices = createChoices(seed ^ 0xfa57);
  if (!choices.chance(SCENARIOS)) return { pipeline, records };
  const metrics = Object.entries(pipeline.metrics).map(([name, metric]) => [
    name,
    { ...metric, maxFutureSkew: SKEW },
  ]);
  return {
    pipeline: { ...pipeline, metrics: Object.fromEntries(metrics) },
    records: records.map((record) => {
      if (!choices.chance(RECORDS)) return record;
      const eventMs = record.arrivalMs + choices.pick(AHEAD_MS);
      return { ...record, bytes: stampedAt(record.bytes, eventMs) };
    }),
  };
}

/** The record with other times; as it is where it is none. */
function stampedAt(bytes: Buffer, eventMs: number): Buffer {
  try {
    const json = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    if (typeof json.time !== 'object' || json.time === null) return bytes;
    const time = {
      ...{ s: eventMs / 1000, us: eventMs * 1000, ns: eventMs * 1e6 },
      iso: new Date(eventMs).toISOString(),
    };
    return Buffer.from(JSON.stringify({ ...json, ts: eventMs, time }));
  } catch {
    return bytes;
  }
}
