/** One seed: a generated stream, a fault plan, and everything that must hold. */

import { readFileSync } from 'node:fs';
import { MeasurementCounter } from '@millrace/adapters/kinesis/counter';
import { jsonText } from '@millrace/core/json/write-json';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import type { JsonRecord, Pipeline, Transform } from '@millrace/core/pipeline/pipeline';
import { readIncidents, readRows } from '@millrace/core/results/read';
import { incidentLine, rowLine } from '@millrace/core/results/view';
import { type Application, readTemplate } from '@millrace/engine';
import type { FaultPlan } from '@millrace/engine/fault/plan';
import { hashKeyOf } from '@millrace/engine/stream/hash-key';
import type { KinesisStreamEvent } from 'aws-lambda';
import { missing } from '../../cli/src/replay/accounting';
import { createFaultRun, type Disturbance, type FaultRun } from '../../cli/src/replay/faults';
import { HangingCode } from '../../cli/src/replay/faults-hang';
import { parseFaultPlan } from '../../cli/src/replay/faults-plan';
import { atRecordedPositions } from '../../cli/src/replay/faults-position';
import { PRESETS } from '../../cli/src/replay/faults-presets';
import { disturbSource, type FaultySource } from '../../cli/src/replay/faults-records';
import { equalShardIndex, equalShards } from '../../cli/src/replay/hash-range';
import { runReplay } from '../../cli/src/replay/run-replay';
import type { Source } from '../../cli/src/replay/source';
import { generateScenario, type Scenario } from '../helper/generate';
import { readKpl } from '../helper/kpl';
import { quarantineOf } from '../helper/quarantine';
import { type ReferenceRecord, reference } from '../helper/reference';
import { differences } from '../helper/reference-compare';
import { createAcknowledgementCheck } from './acknowledgement';
import { createEffects } from './effects';
import { createMeter, type Meter } from './meter';
import { createObserver, type Observer } from './observer';
import { createSightings } from './sightings';

export interface SeedResult {
  readonly violations: readonly string[];
  readonly records: number;
  readonly deliveries: number;
  readonly counts: Readonly<Record<string, number>>;
  /** What the faults came to in particular, and what was seen of it. */
  readonly details: Readonly<Record<string, number>>;
  readonly injected: readonly string[];
  readonly plan: string;
}

export interface SeedOptions {
  readonly plan?: string;
  readonly only?: readonly string[];
  /** Runs it twice and compares the logs of the engine, byte for byte. */
  readonly twice?: boolean;
}

const NO_FAULTS: FaultPlan = { name: 'none', calm: 1, endAfterMs: 0, faults: [] };
const RECORDS = 110;
/** In aggregates, about four each. */
const USER_RECORDS = 200;
const DAY_MS = 86_400_000;
const RETENTION_MS = DAY_MS;
/** Presets, and `everything` with the order within keys kept, so that a reference exists. */
const PLANS = [...Object.keys(PRESETS).filter((name) => name !== 'auto'), 'everything-in-order'];
/** One in so many seeds loses its partition keys on the way. */
const AUTO_EVERY = { length: 10, index: 7 };

export function planOf(seed: number): string {
  if (seed % AUTO_EVERY.length === AUTO_EVERY.index) return 'auto';
  return PLANS[seed % PLANS.length]!;
}

/** What a seed says about its run, beside its records and its plan. */
interface Setting {
  readonly seed: number;
  readonly pipeline: Pipeline;
  readonly stateTtlMs: number;
  readonly code: HangingCode;
}

export async function checkSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const name = options.plan ?? planOf(seed);
  const plan = { ...readPlan(name), ...(options.only && { only: options.only }) };
  const wide = seed % WIDE_EVERY.length === WIDE_EVERY.index;
  const aggregated = seed % AGGREGATED_EVERY === 0 && !wide ? wayOf(seed, plan) : null;
  const silences = silencesOf(seed, name);
  const records = wide ? WIDE_RECORDS : aggregated === null ? RECORDS : USER_RECORDS;
  const scenario = generateScenario(seed, { records, silences, aggregated, wide });
  const isShaped = seed % SHAPED_EVERY.length === SHAPED_EVERY.index;
  const pipelineJson = { ...scenario.pipeline, ...(isShaped && { transform: 'shape' }) };
  const { pipeline } = parsePipeline(pipelineJson);
  const source = sourceOf(scenario, pipeline, aggregated === 'library');
  const disturbed = disturbSource(source, { plan, seed, pipeline, transforms: TRANSFORMS });
  const code = new HangingCode(plan, seed, TRANSFORMS);
  const stateTtlMs = silences > 0 ? DAY_MS : 7 * DAY_MS;
  const setting = { seed, pipeline, stateTtlMs, code };
  const faulty = await run(setting, disturbed, plan);
  const violations = [...faulty.violations];
  const isOrdered =
    aggregated !== 'mixed' &&
    !plan.faults.some(({ kind }) => kind === 'auto') &&
    !plan.faults.some((f) => f.kind === 'reshard' && f.childrenEarly);
  const isAltered = plan.faults.some((f) => f.kind === 'poison' || f.kind === 'duplicate');
  if (missing(faulty.accounting) !== 0) {
    violations.push(`I1: ${JSON.stringify(faulty.accounting)}`);
  }
  // The reference forgets nothing for want of room.
  if (isOrdered && !wide) {
    const sent = disturbed.records.flatMap(referenceRecords);
    const expected = reference(sent, scenario.pipeline, {
      stateTtlMs,
      hangs: (json) => isShaped && code.hangs(json as JsonRecord) === 'always',
    });
    violations.push(...differences(expected, faulty).map((line) => `I2: ${line}`));
  }
  if (isOrdered && !isAltered) {
    const { carriers } = disturbed;
    const calm = await run(setting, {
      ...source,
      positions: null,
      injected: [],
      carriers,
      code: null,
    });
    violations.push(...calm.violations.map((line) => `without faults: ${line}`));
    violations.push(...lineDifferences(linesOf(calm, faulty), linesOf(faulty, faulty)));
  }
  if (options.twice) {
    const again = await run(setting, disturbed, plan);
    if (again.log !== faulty.log) violations.push('I12: the same seed gave another event log');
  }
  const { deliveries, report, details } = faulty;
  const { length } = disturbed.records;
  return { ...report, violations, deliveries, details, records: length, plan: name };
}

/** Seeds of a plan that alters nothing, so that a run without faults says what is right. */
const WIDE_EVERY = { length: 40, index: 33 };
const WIDE_RECORDS = 400;
/** One in so many seeds sends its records in aggregates. */
const AGGREGATED_EVERY = 5;

/** One in so many seeds has a transform; plans with `hang` strike there. */
const SHAPED_EVERY = { length: 3, index: 1 };
const shape: Transform = (record) => ({ ...record, shaped: true });
const TRANSFORMS = new Map([['shape', shape]]);

/** Keys that come by several ways have no order, so that a reshard which keeps it is no fault for them. */
function wayOf(seed: number, { faults }: FaultPlan): 'library' | 'mixed' {
  const keepsOrder = faults.some((fault) => fault.kind === 'reshard' && !fault.childrenEarly);
  return Math.floor(seed / AGGREGATED_EVERY) % 2 === 1 && !keepsOrder ? 'mixed' : 'library';
}

function silencesOf(seed: number, plan: string): number {
  if (plan === 'expiry') return 2;
  return plan.startsWith('everything') && Math.floor(seed / PLANS.length) % 4 === 0 ? 2 : 0;
}

function readPlan(name: string): FaultPlan {
  if (name !== 'everything-in-order') return parseFaultPlan(PRESETS[name], name);
  const everything = parseFaultPlan(PRESETS.everything, name);
  return {
    ...everything,
    faults: everything.faults.map((fault) => {
      if (fault.kind === 'reshard') return { kind: 'reshard', times: fault.times };
      return fault.kind === 'deadly' ? { ...fault, tries: [1, 1] } : fault;
    }),
  };
}

async function run(setting: Setting, source: FaultySource, plan?: FaultPlan) {
  const { seed, pipeline, stateTtlMs, code } = setting;
  const observer = createObserver({ stateTtlMs, retentionMs: RETENTION_MS });
  const effectsOf = createEffects(pipeline, code);
  const meter = createMeter(effectsOf, plan === undefined);
  const sightings = createSightings(source);
  const unexpected: string[] = [];
  const log: string[] = [];
  const check = createAcknowledgementCheck(effectsOf, observer);
  const spanMs = [source.arrivals!.firstMs, source.arrivals!.lastMs] as const;
  let faults: FaultRun | undefined;
  const result = await runReplay({
    application: applicationFor(setting),
    pipeline,
    transforms: code.transforms,
    timeLimit: code.timeLimit,
    source,
    seed,
    speed: Number.POSITIVE_INFINITY,
    log: SILENT,
    onProgress: () => undefined,
    observe: (event) => {
      sightings.engine(event);
      log.push(JSON.stringify(event));
    },
    disturb: (scheduler) => {
      const { injected, carriers } = source;
      const options = { plan: plan ?? NO_FAULTS, seed, scheduler, spanMs, injected, carriers };
      faults = createFaultRun(options);
      return watched(faults.disturbance, observer, meter, async (event, work) => {
        const ended = sightings.delivered(event);
        const answer = await meter.during(event, work).finally(ended);
        const problem = check(event, answer);
        if (problem !== null) unexpected.push(problem);
        return answer;
      });
    },
  });
  const report = faults!.report();
  const { stores, accounting, stats } = result;
  const quarantine = (await quarantineOf(stores)).map(({ data, ...line }) => ({
    ...line,
    data: Buffer.from(data ?? 'they are gone'),
  }));
  const rows = await readRows(stores.results, pipeline);
  return {
    report,
    rows,
    quarantine,
    incidents: await readIncidents(stores.results, pipeline),
    recorded: atRecordedPositions(quarantine, source.positions),
    removedIncidents: faults!.disturbance.removedIncidents,
    accounting: { ...accounting, dedupeOverflow: await overflow(result, faults!) },
    deliveries: stats.deliveries,
    details: { ...report.details, ...sightings.counts, ...observer.sightings },
    log: log.join('\n'),
    violations: [
      ...observer.violations,
      ...meter.violations,
      ...unexpected,
      ...report.surprises.map((text) => `I8: ${text}`),
      ...(stats.discarded > 0 ? [`${stats.discarded} records were discarded`] : []),
    ],
  };
}

type Ran = Awaited<ReturnType<typeof run>>;

/** What a user sees. An incident that went with its state stays open: nobody knows of it any more. */
function linesOf(ran: Ran, { removedIncidents }: Ran): string[] {
  const { redelivered: _, ...counted } = ran.accounting;
  const incidents = ran.incidents.filter(({ id }) => !removedIncidents.has(id));
  return [
    ...ran.rows.map((row) => jsonText(rowLine(row))),
    ...incidents.map((incident) => JSON.stringify(incidentLine(incident))),
    ...ran.recorded.map((view) => JSON.stringify(view)),
    JSON.stringify(counted),
  ];
}

async function overflow(
  { stores }: Awaited<ReturnType<typeof runReplay>>,
  { disturbance }: FaultRun,
): Promise<number> {
  let sum = disturbance.removed[5] ?? 0;
  const { items } = await stores.state.scan();
  for (const { body } of items) sum += (JSON.parse(String(body)) as { c: number[] }).c[5] ?? 0;
  return sum;
}

function watched(
  inner: Disturbance,
  observer: Observer,
  meter: Meter,
  consume: (event: KinesisStreamEvent, work: () => Promise<unknown>) => Promise<unknown>,
): Disturbance {
  return {
    application: (application) => inner.application(application),
    clock: (clock) => inner.clock(clock),
    begin: (local) => {
      const state = observer.watchRemovals(local.stores.state);
      inner.begin({ ...local, stores: { ...local.stores, state } });
    },
    port: (name, raw, latencyMs) =>
      meter.port(name, inner.port(name, observer.watch(name, raw), latencyMs)),
    handler: (id, handler) =>
      inner.handler(id, (event, context) => {
        if (id !== 'StreamConsumer') return handler(event, context);
        return consume(event as KinesisStreamEvent, () => handler(event, context));
      }),
    childrenEarly: inner.childrenEarly,
    patienceMs: inner.patienceMs,
    removed: inner.removed,
    removedIncidents: inner.removedIncidents,
    get quiet() {
      return inner.quiet;
    },
  };
}

function lineDifferences(calm: readonly string[], faulty: readonly string[]): string[] {
  const [expected, actual] = [new Set(calm), new Set(faulty)];
  return [
    ...calm.filter((line) => !actual.has(line)).map((line) => `I2: missing ${line}`),
    ...faulty.filter((line) => !expected.has(line)).map((line) => `I2: not without faults ${line}`),
    ...(calm.length === faulty.length ? [] : ['I2: another number of lines']),
  ];
}

const template = readFileSync('template.yaml', 'utf8');

/** Weeks of silence have tens of thousands of minutes, with a sweep in each. */
const EVERY_MINUTE = 'rate(1 minute)';

function applicationFor({ seed, stateTtlMs }: Setting) {
  const pick = <T>(from: readonly T[], salt: number) =>
    from[Math.floor(seed / salt) % from.length]!;
  const parameters = {
    ParallelizationFactor: pick(['1', '4', '10'], 8),
    BatchSize: pick(['3', '20', '1000'], 24),
    StateTtlDays: String(stateTtlMs / DAY_MS),
    RetentionHours: String(RETENTION_MS / 3_600_000),
  };
  const isLong = stateTtlMs === DAY_MS;
  const text = isLong ? template.replaceAll(EVERY_MINUTE, 'rate(59 minutes)') : template;
  const name = JSON.stringify([parameters, isLong]);
  const known =
    applications.get(name) ?? readTemplate(text, { parameters, source: 'template.yaml' });
  applications.set(name, known);
  return known;
}

/** Reading the template takes longer than half of the seeds. */
const applications = new Map<string, Application>();

/** Lays the scenario out over equal shards by the hash of the partition key. */
export function sourceOf(scenario: Scenario, pipeline: Pipeline, byLibrary: boolean): Source {
  const count = 1 + (scenario.seed % 3);
  const shards = equalShards(count);
  const records = scenario.records.map(({ partitionKey, arrivalMs, bytes, notBase64 }, index) => {
    const hashKey = hashKeyOf(partitionKey);
    return {
      shard: shards[equalShardIndex(hashKey, count)]!.id,
      sequence: `49${String(index + 1).padStart(38, '0')}${'0'.repeat(16)}`,
      // The library names every aggregate "a" and places it by an explicit hash key.
      ...(byLibrary ? { partitionKey: 'a', explicitHashKey: String(hashKey) } : { partitionKey }),
      arrivalMs,
      data: bytes.toString(notBase64 ? 'utf8' : 'base64'),
    };
  });
  const arrivals = records.map(({ arrivalMs }) => arrivalMs);
  const { transforms, timeLimit } = new HangingCode(NO_FAULTS, 0, TRANSFORMS);
  const counter = new MeasurementCounter({ pipeline, transforms, timeLimit });
  for (const record of records) counter.add(record);
  return {
    shards,
    records,
    in: counter.total(),
    arrivals: { firstMs: Math.min(...arrivals), lastMs: Math.max(...arrivals) },
  };
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function referenceRecords(record: Source['records'][number]): ReferenceRecord[] {
  const { shard, sequence, partitionKey, arrivalMs, data } = record;
  const at = { shard, sequence, partitionKey, arrivalMs };
  if (!BASE64.test(data)) return [{ ...at, bytes: Buffer.from(data), notBase64: true }];
  const bytes = Buffer.from(data, 'base64');
  return readKpl(bytes)?.map((user, sub) => ({ ...at, ...user, sub })) ?? [{ ...at, bytes }];
}

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
