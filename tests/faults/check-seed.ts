/** One seed: a generated stream, a fault plan, and everything that must hold. */
import { readFileSync } from 'node:fs';
import { countMeasurements } from '@millrace/adapters/kinesis/count';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import { readIncidents, readQuarantine, readRows } from '@millrace/core/results/read';
import { incidentLine, rowLine } from '@millrace/core/results/view';
import { readTemplate } from '@millrace/engine';
import type { FaultPlan } from '@millrace/engine/fault/plan';
import { hashKeyOf } from '@millrace/engine/stream/hash-key';
import type { KinesisStreamEvent } from 'aws-lambda';
import { missing } from '../../cli/src/replay/accounting';
import { createFaultRun, type Disturbance, type FaultRun } from '../../cli/src/replay/faults';
import { parseFaultPlan } from '../../cli/src/replay/faults-plan';
import { atRecordedPositions } from '../../cli/src/replay/faults-position';
import { PRESETS } from '../../cli/src/replay/faults-presets';
import { disturbSource, type FaultySource } from '../../cli/src/replay/faults-records';
import { equalShardIndex, equalShards } from '../../cli/src/replay/hash-range';
import { runReplay } from '../../cli/src/replay/run-replay';
import type { Source } from '../../cli/src/replay/source';
import { generateScenario, type Scenario } from '../helper/generate';
import { type ReferenceRecord, reference } from '../helper/reference';
import { differences } from '../helper/reference-compare';
import { createAcknowledgementCheck } from './acknowledgement';
import { type Calls, createObserver } from './observer';

export interface SeedResult {
  readonly violations: readonly string[];
  readonly records: number;
  readonly deliveries: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly injected: readonly string[];
  readonly plan: string;
}

export interface SeedOptions {
  readonly plan?: string;
  readonly only?: readonly string[];
  /** Runs it twice and compares the logs of the engine, byte for byte. */
  readonly twice?: boolean;
}

const RECORDS = 110;
/** Presets, and `everything` with the order within keys kept, so that a reference exists. */
const PLANS = [...Object.keys(PRESETS), 'everything-in-order'];

export function planOf(seed: number): string {
  return PLANS[seed % PLANS.length]!;
}

export async function checkSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const name = options.plan ?? planOf(seed);
  const plan = { ...readPlan(name), ...(options.only && { only: options.only }) };
  const scenario = generateScenario(seed, { records: RECORDS });
  const { pipeline } = parsePipeline(scenario.pipeline);
  const source = sourceOf(scenario, pipeline);
  const disturbed = disturbSource(source, { plan, seed, pipeline, transforms: new Map() });
  const setting = { seed, pipeline };
  const faulty = await run({ ...setting, source: disturbed, plan });
  const violations = [...faulty.violations];
  const isOrdered = !plan.faults.some((f) => f.kind === 'reshard' && f.childrenEarly);
  const isAltered = plan.faults.some((f) => f.kind === 'poison' || f.kind === 'duplicate');
  if (missing(faulty.accounting) !== 0) {
    violations.push(`I1: ${JSON.stringify(faulty.accounting)}`);
  }
  if (isOrdered) {
    const expected = reference(disturbed.records.map(referenceRecord), scenario.pipeline);
    violations.push(...differences(expected, faulty).map((line) => `I2: ${line}`));
  }
  if (isOrdered && !isAltered) {
    const calm = await run({ ...setting, source: { ...source, positions: null, injected: [] } });
    violations.push(...calm.violations.map((line) => `without faults: ${line}`));
    violations.push(...lineDifferences(calm.lines, faulty.lines));
    violations.push(...tooManyCalls(calm.calls));
  }
  if (options.twice) {
    const again = await run({ ...setting, source: disturbed, plan });
    if (again.log !== faulty.log) violations.push('I12: the same seed gave another event log');
  }
  const { deliveries, report } = faulty;
  return { ...report, violations, deliveries, records: disturbed.records.length, plan: name };
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

interface Run {
  readonly seed: number;
  readonly pipeline: Pipeline;
  readonly source: FaultySource;
  readonly plan?: FaultPlan;
}

async function run({ seed, pipeline, source, plan }: Run) {
  const observer = createObserver();
  const unexpected: string[] = [];
  const log: string[] = [];
  const check = createAcknowledgementCheck(pipeline, observer);
  const spanMs = [source.arrivals!.firstMs, source.arrivals!.lastMs] as const;
  const empty = { name: 'none', calm: 1, endAfterMs: 0, faults: [] };
  let faults: FaultRun | undefined;
  const result = await runReplay({
    application: applicationFor(seed),
    pipeline,
    transforms: new Map(),
    source,
    seed,
    speed: Number.POSITIVE_INFINITY,
    log: SILENT,
    onProgress: () => undefined,
    observe: (event) => log.push(JSON.stringify(event)),
    disturb: (scheduler) => {
      const { injected } = source;
      faults = createFaultRun({ plan: plan ?? empty, seed, scheduler, spanMs, injected });
      return watched(faults.disturbance, observer, (event, answer) => {
        const problem = check(event, answer);
        if (problem !== null) unexpected.push(problem);
      });
    },
  });
  const report = faults!.report();
  const { stores, accounting, stats } = result;
  const views = await readQuarantine(stores.control);
  const bytes = await Promise.all(views.map(({ object }) => stores.quarantine.get(object)));
  const quarantine = views.map(({ object: _, ...view }, index) => ({
    ...view,
    data: bytes[index]?.bytes ?? Buffer.from('no such object'),
  }));
  // The object's key holds the position: its bytes stand in the line instead.
  const withBytes = views.map((view, index) => ({
    ...view,
    object: Buffer.from(quarantine[index]!.data).toString('base64'),
  }));
  const recorded = atRecordedPositions(withBytes, source.positions);
  const rows = await readRows(stores.results, pipeline);
  const incidents = await readIncidents(stores.results, pipeline);
  const { redelivered: _, ...counted } = accounting;
  return {
    report,
    rows,
    quarantine,
    accounting: { ...accounting, dedupeOverflow: await overflow(result, faults!) },
    calls: observer.calls,
    deliveries: stats.deliveries,
    log: log.join('\n'),
    lines: [
      ...rows.map((row) => JSON.stringify(rowLine(row))),
      ...incidents.map((incident) => JSON.stringify(incidentLine(incident))),
      ...recorded.map((view) => JSON.stringify(view)),
      JSON.stringify(counted),
    ],
    violations: [
      ...observer.violations,
      ...unexpected,
      ...report.surprises.map((text) => `I8: ${text}`),
      ...(stats.discarded > 0 ? [`${stats.discarded} records were discarded`] : []),
    ],
  };
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
  observer: ReturnType<typeof createObserver>,
  answered: (event: KinesisStreamEvent, answer: unknown) => void,
): Disturbance {
  return {
    application: (application) => inner.application(application),
    clock: (clock) => inner.clock(clock),
    begin: (local) => inner.begin(local),
    port: (name, raw, latencyMs) => inner.port(name, observer.watch(name, raw), latencyMs),
    handler: (id, handler) =>
      inner.handler(id, async (event, context) => {
        const answer = await handler(event, context);
        if (id === 'StreamConsumer') answered(event as KinesisStreamEvent, answer);
        return answer;
      }),
    childrenEarly: inner.childrenEarly,
    patienceMs: inner.patienceMs,
    removed: inner.removed,
    get quiet() {
      return inner.quiet;
    },
  };
}

/** I10: what a run without faults may ask of the tables. */
function tooManyCalls({ seriesRead, stateWrites, outputWrites, outputsOwed }: Calls): string[] {
  const problems: string[] = [];
  if (stateWrites > seriesRead) {
    problems.push(`I10: ${stateWrites} state writes for ${seriesRead} series-batches`);
  }
  // A tick or a record of another shard may find an outbox it must write once more.
  if (outputWrites > 2 * outputsOwed) {
    problems.push(`I10: ${outputWrites} output writes for ${outputsOwed} outputs`);
  }
  return problems;
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

function applicationFor(seed: number) {
  const pick = <T>(from: readonly T[], salt: number) =>
    from[Math.floor(seed / salt) % from.length]!;
  const parameters = {
    ParallelizationFactor: pick(['1', '4', '10'], 8),
    BatchSize: pick(['3', '20', '1000'], 24),
  };
  return readTemplate(template, { parameters, source: 'template.yaml' });
}

/** Lays the scenario out over equal shards by the hash of the partition key. */
function sourceOf(scenario: Scenario, pipeline: Pipeline): Source {
  const count = 1 + (scenario.seed % 3);
  const shards = equalShards(count);
  const records = scenario.records.map(({ partitionKey, arrivalMs, bytes, notBase64 }, index) => ({
    shard: shards[equalShardIndex(hashKeyOf(partitionKey), count)]!.id,
    sequence: `49${String(index + 1).padStart(38, '0')}${'0'.repeat(16)}`,
    partitionKey,
    arrivalMs,
    data: bytes.toString(notBase64 ? 'utf8' : 'base64'),
  }));
  const arrivals = records.map(({ arrivalMs }) => arrivalMs);
  return {
    shards,
    records,
    in: records.reduce((sum, each) => sum + countMeasurements(each, pipeline, new Map()), 0),
    aggregated: false,
    arrivals: { firstMs: Math.min(...arrivals), lastMs: Math.max(...arrivals) },
  };
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function referenceRecord(record: Source['records'][number]): ReferenceRecord {
  const { shard, sequence, partitionKey, arrivalMs, data } = record;
  const at = { shard, sequence, partitionKey, arrivalMs };
  if (!BASE64.test(data)) return { ...at, bytes: Buffer.from(data), notBase64: true };
  return { ...at, bytes: Buffer.from(data, 'base64') };
}

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
