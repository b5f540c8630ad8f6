import { readFile } from 'node:fs/promises';
import { type Application, readTemplate, TemplateError } from '@millrace/engine';
import type { Command } from 'commander';
import { complaint } from '../command';
import { AnswerNoError, UsageError } from '../exit';
import { loadPipeline } from '../load-pipeline';
import { checkNewStoreFolder, checkStoreFolder, createLocalStore } from '../local-store';
import { grouped, printJson, say } from '../output';
import { startProgress } from '../progress';
import { projectFile } from '../project';
import { checkRecordingFile } from '../recording/byte-blocks';
import { accountingLine, besideLine, missing, overflowHint, unmatchedHint } from './accounting';
import { createQuietLog, createReplayLog } from './application/replay-log';
import type { ReplayFlags } from './command';
import { createFaultRun, type FaultReport, type FaultRun, faultLine } from './faults';
import { NO_CARRIERS } from './faults-carriers';
import { readFaultPlan } from './faults-plan';
import { disturbSource } from './faults-records';
import { tableNames } from './local-application';
import { reasonLines, refusedVerdict } from './main-reasons';
import { checkOutputFolder } from './result/output-folder';
import { type Written, writeResult } from './result/result-files';
import { type ReplayResult, runReplay } from './run-replay';
import { readSource } from './source';

/** Checks everything that can be wrong before it starts; see `register` for the flags. */
export async function replay(
  command: Command,
  recording: string,
  flags: ReplayFlags,
): Promise<void> {
  const plan = flags.faults === undefined ? null : await readFaultPlan(flags.faults);
  if (flags.out !== undefined) await checkOutputFolder(flags.out);
  if (flags.store !== undefined) {
    await (flags.replace === true ? checkStoreFolder : checkNewStoreFolder)(flags.store);
  }
  await checkRecordingFile(recording);
  const { pipeline, transforms, ...loaded } = await loadPipeline(flags.pipeline, {
    transforms: flags.transforms,
  });
  // Printed when nothing is refused any more: a refusal is one line for each problem and no other.
  const warnings = [...loaded.warnings];
  const recorded = await readSource(recording, {
    pipeline,
    transforms,
    partial: flags.partial === true,
    shards: flags.shards ?? null,
    warn: (message) => warnings.push(message),
  });
  const { seed } = flags;
  const source =
    plan === null
      ? { ...recorded, positions: null, injected: [], carriers: NO_CARRIERS, code: null }
      : disturbSource(recorded, { plan, seed, pipeline, transforms });
  const application = await readApplication(flags.parallelization, flags.batchSize);
  for (const warning of warnings) say(`warning: ${warning}`);
  const json = flags.json === true;
  const startMs = performance.now();
  const progress = startProgress({ label: 'replaying', total: source.records.length, json });
  let faults: FaultRun | null = null;
  const store =
    flags.store === undefined
      ? null
      : await createLocalStore(flags.store, {
          v: 1,
          tables: tableNames(application),
          pipeline: await readFile(flags.pipeline, 'utf8'),
        });
  const result = await runReplay({
    application,
    pipeline,
    transforms,
    ...source.code,
    source,
    seed,
    speed: flags.speed,
    log: plan === null ? createReplayLog() : createQuietLog(),
    onProgress: progress.update,
    ...(store !== null && { data: store }),
    ...(plan !== null && {
      disturb: (scheduler) => {
        const { firstMs, lastMs } = source.arrivals ?? { firstMs: 0, lastMs: 0 };
        faults = createFaultRun({
          ...{ plan, seed, scheduler, spanMs: [firstMs, lastMs] },
          injected: source.injected,
          carriers: source.carriers,
        });
        return faults.disturbance;
      },
    }),
  }).finally(progress.stop);
  await store?.complete();
  const seconds = (performance.now() - startMs) / 1000;
  const written = await writeResult(result, pipeline, flags.out ?? null, source.positions);
  const report = (faults as FaultRun | null)?.report() ?? null;
  if (json) {
    const counts = report === null ? {} : { faults: report.counts };
    printJson({ ...result.accounting, ...written, ...counts, out: flags.out ?? null, seconds });
  } else {
    for (const line of summary(result, written, seconds, flags)) say(line);
    if (report !== null) say(faultLine(report));
  }
  refuseIfMissing(command, result);
  if (report !== null) refuseSurprises(command, report);
}

async function readApplication(
  parallelization: number | undefined,
  batchSize: number | undefined,
): Promise<Application> {
  const parameters: Record<string, string> = {};
  if (parallelization !== undefined) parameters.ParallelizationFactor = String(parallelization);
  if (batchSize !== undefined) parameters.BatchSize = String(batchSize);
  const text = await readFile(projectFile('template.yaml'), 'utf8');
  try {
    return readTemplate(text, { parameters, source: 'template.yaml' });
  } catch (error) {
    throw error instanceof TemplateError ? new UsageError(error.message) : error;
  }
}

function summary(
  { accounting }: ReplayResult,
  written: Written,
  seconds: number,
  { out, pipeline }: ReplayFlags,
): readonly string[] {
  const { records } = accounting;
  const rate = grouped(Math.round(records / Math.max(seconds, 0.001)));
  const { rows, incidents, quarantine } = written;
  return [
    `${grouped(records)} records in ${seconds.toFixed(1)} s, ${rate} a second`,
    `${grouped(rows)} rows, ${grouped(incidents)} incidents, ${grouped(quarantine)} in quarantine`,
    accountingLine(accounting),
    besideLine(accounting),
    ...reasonLines(written.refused).map((line) => `  ${line}`),
    ...listed(refusedVerdict(accounting)),
    ...unmatchedHint(accounting, pipeline),
    ...overflowHint(accounting),
    ...(out === undefined ? [] : [`written to ${out}`]),
  ];
}

function listed(line: string | null): readonly string[] {
  return line === null ? [] : [line];
}

function refuseSurprises(command: Command, { surprises }: FaultReport): void {
  if (surprises.length === 0) return;
  const lines = surprises.map((text) => `a handler threw what no fault explains: ${text}`);
  throw new AnswerNoError(lines.map((line) => complaint(command, line)));
}

function refuseIfMissing(command: Command, { accounting }: ReplayResult): void {
  const count = missing(accounting);
  if (count === 0) return;
  const what =
    count > 0 ? `${grouped(count)} measurements are missing` : `${grouped(-count)} too many`;
  throw new AnswerNoError(complaint(command, `the accounting does not add up: ${what}`));
}
