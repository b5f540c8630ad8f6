import { decodeKinesis, UserRecord } from '@millrace/adapters/kinesis/decode';
import { readingOf } from '@millrace/adapters/kinesis/record-bytes';
import type { Group, GroupEntry, Refusal } from '@millrace/core/commit/group';
import { type Definition, orphanDefinition } from '@millrace/core/fold/definition';
import { carrierMark, shardMark, unkeyedMark } from '@millrace/core/fold/marks';
import { UNKEYED } from '@millrace/core/partition-key';
import type { Metric, Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import type { RecordPlace, RecordSource } from '@millrace/core/quarantine/bytes';
import { RecordRefusals, UNMATCHED } from '@millrace/core/quarantine/refusals';
import { TRANSFORM_OUTPUTS_MAX } from '@millrace/core/record/apply-transform';
import {
  type Decision,
  expand,
  newOutputBudget,
  type OutputBudget,
  type Visit,
} from '@millrace/core/record/expand';
import { expandWithin, hasTransforms, RecordTime } from '@millrace/core/record/expand-within';
import type { Measurement } from '@millrace/core/record/record';
import {
  type TimeLimit,
  TimeLimitError,
  TRANSFORMS_BATCH_MS_MAX,
} from '@millrace/core/record/time-limit';
import type { KinesisStreamRecord } from 'aws-lambda';
import { arrivalMsOf, partitionKeyOf, sourceOfRecord } from './event-record';
import { RecordSources } from './record-sources';

/**
 * The measurements of one stream record that have no series, invalid and unmatched ones: they have no
 * state, only one entry in the index of the quarantine, together.
 */
export interface RefusedRecord {
  readonly recordIndex: number;
  readonly place: RecordPlace;
  readonly refusals: RecordRefusals;
  readonly source: RecordSource;
}

export interface GroupedBatch {
  /** In order of the first record of each. */
  readonly groups: readonly Group[];
  readonly refused: readonly RefusedRecord[];
  /** Records without a partition key. */
  readonly unkeyed: number;
  /** First record that there was no time to read; null = all were read. */
  readonly cutAt: number | null;
}

export interface GroupingOptions {
  readonly pipeline: Pipeline;
  readonly transforms: Transforms;
  readonly definitions: ReadonlyMap<Metric, Definition>;
  readonly metricsByName: ReadonlyMap<string, Metric>;
  /** Why no measurement of this batch may be folded; null = fold them. */
  readonly refuse: Refusal | null;
  readonly stateTtlMs: number;
  /** Ends transforms that do not return; absent = they are trusted. */
  readonly timeLimit?: TimeLimit | undefined;
  /** Whether another record may be read, once transforms have taken too long; absent = always. */
  readonly hasTime?: () => boolean;
}

interface MutableGroup extends Group {
  readonly entries: GroupEntry[];
}

/**
 * Decodes a batch and groups its measurements by the state they fold into, order kept. When its transforms
 * take too long it is done again with each record under its own limit: the records that take the time are
 * refused, and what there is no time for is left to the next invocation.
 */
export function groupBatch(
  records: readonly KinesisStreamRecord[],
  options: GroupingOptions,
): GroupedBatch {
  const { timeLimit, pipeline } = options;
  if (timeLimit === undefined || !hasTransforms(pipeline)) return group(records, options, null);
  try {
    return timeLimit.run(() => group(records, options, null), TRANSFORMS_BATCH_MS_MAX);
  } catch (error) {
    if (!(error instanceof TimeLimitError)) throw error;
    return group(records, options, new RecordTime(timeLimit));
  }
}

function group(
  records: readonly KinesisStreamRecord[],
  options: GroupingOptions,
  time: RecordTime | null,
): GroupedBatch {
  const batch = new Batch(records, options, time);
  for (let index = 0; index < records.length; index++) {
    // The first is read whatever the time: every invocation must get further.
    if (time !== null && index > 0 && options.hasTime?.() === false) {
      batch.cutAt = index;
      break;
    }
    batch.add(index);
  }
  return batch;
}

class Batch implements GroupedBatch {
  readonly groups: MutableGroup[] = [];
  readonly refused: RefusedRecord[] = [];
  unkeyed = 0;
  cutAt: number | null = null;

  readonly #time: RecordTime | null;
  readonly #records: readonly KinesisStreamRecord[];
  readonly #options: GroupingOptions;
  readonly #sources: RecordSources;
  readonly #source: { stream: string; shard: string };
  readonly #byKey = new Map<string, Map<Metric, Map<string, MutableGroup>>>();
  /** One visitor for the whole batch, on the current record: a closure per record would cost more than it does. */
  readonly #visit: Visit = (sub, decision) => this.#decide(sub, decision);
  readonly #orphans = new Map<string, Definition>();
  #recordIndex = 0;
  #sequence = '';
  #arrivalMs = 0;
  #user: UserRecord | null = null;
  #isAggregate = false;
  readonly #budget: OutputBudget = newOutputBudget();
  /** Of the record that is being read; null = nothing of it was refused yet. */
  #refusals: RecordRefusals | null = null;
  /** Partition key of the aggregate that is being read; null = no aggregate. */
  #carrier: string | null = null;
  readonly #carrierMarks = new Map<string, string>();
  readonly #ofShard: string;
  readonly #unkeyedMark: string;
  /** Mark of a record without a partition key; null = it has one. */
  #ofRecord: string | null = null;

  constructor(
    records: readonly KinesisStreamRecord[],
    options: GroupingOptions,
    time: RecordTime | null,
  ) {
    this.#time = time;
    this.#records = records;
    this.#sources = new RecordSources(records);
    this.#options = options;
    const [first] = records;
    this.#source = first === undefined ? { stream: '', shard: '' } : sourceOfRecord(first);
    this.#ofShard = shardMark(this.#source.stream, this.#source.shard);
    this.#unkeyedMark = unkeyedMark(this.#ofShard);
  }

  add(recordIndex: number): void {
    const { kinesis } = this.#records[recordIndex] as KinesisStreamRecord;
    const partitionKey = partitionKeyOf(kinesis);
    this.#ofRecord = partitionKey === UNKEYED ? this.#unkeyedMark : null;
    if (partitionKey === UNKEYED) this.unkeyed++;
    const decoded = decodeKinesis(kinesis.data, partitionKey);
    this.#sources.note(recordIndex, readingOf(decoded));
    this.#isAggregate = !(decoded instanceof UserRecord);
    this.#recordIndex = recordIndex;
    this.#sequence = kinesis.sequenceNumber;
    this.#refusals = null;
    this.#budget.left = TRANSFORM_OUTPUTS_MAX;
    this.#time?.begin();
    this.#arrivalMs = arrivalMsOf(kinesis);
    if (decoded instanceof UserRecord) {
      this.#addUser(decoded, 0);
      return;
    }
    if (partitionKey !== UNKEYED) this.#carrier = partitionKey;
    let sub = 0;
    for (const user of decoded) sub += this.#addUser(user, sub);
    this.#carrier = null;
  }

  /** Answers how many sub indexes the user record took. */
  #addUser(user: UserRecord, sub: number): number {
    this.#user = user;
    if (user.record !== null) {
      const { pipeline, transforms } = this.#options;
      const { record } = user;
      const arrivalMs = this.#arrivalMs;
      const visit = this.#visit;
      const budget = this.#budget;
      return this.#time === null
        ? expand(record, pipeline, transforms, arrivalMs, visit, sub, budget)
        : expandWithin(this.#time, record, pipeline, transforms, arrivalMs, visit, sub, budget);
    }
    if (user.tick !== null) {
      const { metric: name, series, unkeyed } = user.tick;
      const metric = this.#options.metricsByName.get(name) ?? this.#orphan(name);
      this.#addTo(metric, unkeyed ? UNKEYED : user.partitionKey, series, sub, null);
    } else if (user.refused !== null) {
      this.#refuse(sub, user.refused.reason, user.refused.detail, null);
    }
    return 1;
  }

  #decide(sub: number, decision: Decision): void {
    if (decision.kind === 'measurement') {
      const { partitionKey } = this.#user as UserRecord;
      this.#addTo(decision.metric, partitionKey, decision.series, sub, decision);
    } else if (decision.kind === 'rejection') {
      const { reason, detail, metric } = decision;
      this.#refuse(sub, reason, detail, metric?.name ?? null);
    } else {
      this.#refuse(sub, UNMATCHED, 'no metric matches', null);
    }
  }

  #addTo(
    metric: Metric,
    partitionKey: string,
    series: string,
    sub: number,
    measurement: Measurement | null,
  ): void {
    this.#groupOf(metric, partitionKey, series).entries.push({
      recordIndex: this.#recordIndex,
      sequence: this.#sequence,
      sub,
      arrivalMs: this.#arrivalMs,
      mark: this.#carrier === null ? this.#ofRecord : this.#markOf(this.#carrier, partitionKey),
      measurement,
      refuse: this.#options.refuse,
      user: this.#isAggregate ? (this.#user as UserRecord).index : null,
    });
  }

  /** What comes under its own key, as plain records do, shares a lane with them. */
  #markOf(carrier: string, partitionKey: string): string | null {
    if (carrier === partitionKey) return null;
    const known = this.#carrierMarks.get(carrier);
    if (known !== undefined) return known;
    const mark = carrierMark(carrier, this.#ofShard);
    this.#carrierMarks.set(carrier, mark);
    return mark;
  }

  #groupOf(metric: Metric, partitionKey: string, series: string): MutableGroup {
    let byMetric = this.#byKey.get(partitionKey);
    if (byMetric === undefined) {
      byMetric = new Map();
      this.#byKey.set(partitionKey, byMetric);
    }
    let bySeries = byMetric.get(metric);
    if (bySeries === undefined) {
      bySeries = new Map();
      byMetric.set(metric, bySeries);
    }
    let group = bySeries.get(series);
    if (group === undefined) {
      group = {
        key: { metric: metric.name, partitionKey, series },
        definition: (this.#options.definitions.get(metric) ??
          this.#orphans.get(metric.name)) as Definition,
        ...this.#source,
        sources: this.#sources,
        entries: [],
      };
      bySeries.set(series, group);
      this.groups.push(group);
    }
    return group;
  }

  /** A metric that the pipeline no longer names: its ticks still close what it left open. */
  #orphan(name: string): Metric {
    const known = this.#orphans.get(name);
    if (known !== undefined) return known.metric;
    const definition = orphanDefinition(name, this.#options.stateTtlMs);
    this.#orphans.set(name, definition);
    return definition.metric;
  }

  #refuse(sub: number, reason: string, detail: string, metric: string | null): void {
    const { index: user } = this.#user as UserRecord;
    let refusals = this.#refusals;
    if (refusals === null) {
      refusals = new RecordRefusals();
      this.#refusals = refusals;
      const source = this.#sources.of(this.#recordIndex);
      const { partitionKey } = source;
      const at = { sequence: this.#sequence, partitionKey, arrivalMs: this.#arrivalMs };
      const place = { ...this.#source, ...at };
      this.refused.push({ recordIndex: this.#recordIndex, place, refusals, source });
    }
    refusals.add({ reason, detail, metric, sub, user });
  }
}
