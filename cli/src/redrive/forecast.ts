import { decodeKinesis, UserRecord } from '@millrace/adapters/kinesis/decode';
import { createTimeLimit } from '@millrace/adapters/time-limit';
import type { Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import type { KeyValueStore } from '@millrace/core/port';
import { newOutputBudget, type Visit } from '@millrace/core/record/expand';
import { expandWithin, RecordTime } from '@millrace/core/record/expand-within';
import type { Measurement } from '@millrace/core/record/record';
import { TrialStates, type Verdict } from './trial';

/**
 * What putting a record again would come to:
 * - `apply`: a metric that refused it would count it now
 * - `refused`, `late`: every metric that refused it would do so again
 * - `duplicate`: the metrics that refused it hold another record with its id
 * - `unmatched`: no metric wants it any more
 * - `twice`: a metric that counted it then, and does not deduplicate, would count it again
 * - `gone`: its bytes have expired
 * - `unputable`: no stream takes anything under its partition key
 */
export type Outcome =
  | 'apply'
  | 'refused'
  | 'late'
  | 'duplicate'
  | 'unmatched'
  | 'twice'
  | 'gone'
  | 'unputable';

export interface Forecast {
  readonly outcome: Outcome;
  readonly detail: string;
  /** Says that the record will be put: later forecasts reckon with it. */
  readonly keep?: () => void;
}

export interface ForecastContext {
  readonly pipeline: Pipeline;
  readonly transforms: Transforms;
  /** Null = the record goes to a stream whose state is not known. */
  readonly state: KeyValueStore | null;
  readonly nowMs: number;
  /** Of the run, so that records meet what those before them leave; absent: each is judged alone. */
  readonly states?: TrialStates;
}

const timeLimit = createTimeLimit();

export interface Refusals {
  readonly partitionKey: string;
  /** Metrics that refused the record; null = the record as a whole was refused. */
  readonly metrics: readonly (string | null)[];
}

/**
 * Judges a record as the consumer would if it arrived now, by folding it into a copy of the state: epochs,
 * borders, closed windows and ids count as they will. Looks only; nothing is written.
 */
export async function forecast(
  bytes: Uint8Array,
  { partitionKey, metrics }: Refusals,
  context: ForecastContext,
): Promise<Forecast> {
  const decoded = decodeKinesis(Buffer.from(bytes).toString('base64'), partitionKey);
  if (!(decoded instanceof UserRecord)) {
    return { outcome: 'refused', detail: 'an aggregate: what is in it is judged one by one' };
  }
  if (decoded.record === null) {
    const detail = decoded.refused?.detail ?? 'one of our own markers';
    return { outcome: 'refused', detail };
  }
  const measured: Measurement[] = [];
  const reasons: string[] = [];
  const { pipeline, transforms, nowMs } = context;
  const visit: Visit = (_sub, decision) => {
    if (decision.kind === 'measurement') measured.push(decision);
    else if (decision.kind === 'rejection') reasons.push(`${decision.reason}: ${decision.detail}`);
  };
  const time = new RecordTime(timeLimit);
  const budget = newOutputBudget();
  expandWithin(time, decoded.record, pipeline, transforms, nowMs, visit, 0, budget);
  if (measured.length === 0) {
    const [reason] = reasons;
    if (reason === undefined) return { outcome: 'unmatched', detail: 'no metric matches' };
    return { outcome: 'refused', detail: reason };
  }
  return judge(measured, new Set(metrics), partitionKey, context);
}

async function judge(
  measured: readonly Measurement[],
  refusedBy: ReadonlySet<string | null>,
  partitionKey: string,
  { state, nowMs, states = new TrialStates() }: ForecastContext,
): Promise<Forecast> {
  const trial = state === null ? null : states.begin(state, partitionKey, nowMs);
  const keep = () => trial?.keep();
  const applying: string[] = [];
  let twice: string | null = null;
  let late: string | null = null;
  let other: Omit<Forecast, 'keep'> | null = null;
  for (const measurement of measured) {
    const { name } = measurement.metric;
    const { outcome, detail } = (await trial?.fold(measurement)) ?? unknownState(measurement);
    const wasRefused = refusedBy.has(null) || refusedBy.has(name);
    if (outcome === 'late') late ??= `metric ${name}: ${detail}`;
    else if (outcome === 'refused') other ??= { outcome, detail };
    else if (outcome === 'duplicate' && wasRefused) {
      other ??= { outcome, detail: `metric ${name} holds another record with its id` };
    } else if (outcome === 'applied' && wasRefused) applying.push(name);
    else if (outcome === 'applied')
      twice ??= `metric ${name} has counted it and ${memory(measurement)}`;
  }
  if (twice !== null) return { outcome: 'twice', detail: twice, keep };
  if (applying.length > 0) {
    return { outcome: 'apply', detail: `metric ${applying.join(', ')}`, keep };
  }
  if (late !== null) return { outcome: 'late', detail: late, keep };
  if (other !== null) return { ...other, keep };
  return { outcome: 'refused', detail: 'only metrics that have counted it match', keep };
}

/** Of another stream: what has an id is hoped to be known there, everything else counts. */
function unknownState({ dedupeKey }: Measurement): Verdict {
  return { outcome: dedupeKey === null ? 'applied' : 'duplicate', detail: '' };
}

function memory({ dedupeKey }: Measurement): string {
  return dedupeKey === null ? 'does not deduplicate' : 'does not remember its id';
}
