import { readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { readDefinitions, readIncidents, readRows } from '@millrace/core/results/read';
import { type Application, readTemplate, TemplateError } from '@millrace/engine';
import { estimateCost } from '../cost-estimate/estimate';
import { AnswerNoError, UsageError } from '../exit';
import { loadPipeline } from '../load-pipeline';
import { createLocalStore } from '../local-store';
import { type Heading, print, printJson, say } from '../output';
import { projectFile } from '../project';
import { checkRecordingFile } from '../recording/byte-blocks';
import { missing, overflowHint, unmatchedHint } from '../replay/accounting';
import { createReplayLog } from '../replay/application/replay-log';
import { tableNames } from '../replay/local-application';
import { refusedVerdict } from '../replay/main-reasons';
import { runReplay } from '../replay/run-replay';
import { readSource } from '../replay/source';
import type { StartFlags } from './command';
import { startReplayProgress } from './progress-lines';
import { checkStartFolder, writeStartFolder } from './result-folder';
import { summaryLines } from './summary';
import { createDurationMeter, usageOf } from './usage';

const RECORDING = 'events/recordings/host.two-disturbances.ndjson.gz';

/** See `register` for the flags. */
export async function start(recordingOrNone: string | undefined, flags: StartFlags): Promise<void> {
  const json = flags.json === true;
  const recording = recordingOrNone ?? projectFile(RECORDING);
  const folder = flags.out ?? projectFile('.millrace', 'start');
  await checkRecordingFile(recording);
  const pipelineFile = flags.pipeline ?? projectFile('pipeline.json');
  const { pipeline, transforms, warnings } = await loadPipeline(pipelineFile, {
    transforms: flags.transforms,
  });
  for (const warning of warnings) say(`warning: ${warning}`);
  const warn = (message: string) => say(`warning: ${message}`);
  const source = await readSource(recording, {
    ...{ pipeline, transforms, warn },
    partial: false,
    shards: null,
  });
  const application = await readApplication();
  await checkStartFolder(folder);
  if (!json) say(`Replaying ${basename(recording)} through the handlers of template.yaml.`);
  const beganMs = performance.now();
  const durations = createDurationMeter();
  const progress = startReplayProgress(source.records.length, json);
  // Results that go elsewhere do not replace what `query --local` shows.
  const store =
    flags.out === undefined
      ? await createLocalStore(projectFile('.millrace', 'store'), {
          v: 1,
          tables: tableNames(application),
          pipeline: await readFile(pipelineFile, 'utf8'),
        })
      : null;
  const result = await runReplay({
    ...{ application, pipeline, transforms, source },
    seed: flags.seed,
    speed: Number.POSITIVE_INFINITY,
    log: createReplayLog(),
    onProgress: progress.update,
    observe: durations.observe,
    ...(store !== null && { data: store }),
  }).finally(progress.stop);
  await store?.complete();
  const seconds = (performance.now() - beganMs) / 1000;
  const lambdaSeconds = durations.seconds();
  const { accounting, stores, alerts } = result;
  const known = await readDefinitions(stores.control);
  const rows = await readRows(stores.results, pipeline, known);
  const incidents = await readIncidents(stores.results, pipeline);
  const usage = usageOf(application, source, result, { lambdaSeconds });
  const cost = estimateCost(usage);
  const { records } = accounting;
  const run = { recording: basename(recording), records, seconds, cost };
  const { refused } = await writeStartFolder(folder, result, pipeline, { rows, run });
  const report = join(folder, 'report.html');
  if (json)
    printJson({
      ...accounting,
      seconds,
      usage,
      cost,
      incidents: incidents.length,
      alerts: alerts.length,
      refused,
      report,
    });
  else
    printSummary(
      summaryLines({ pipeline, rows, incidents, accounting, refused, seconds, cost }),
      report,
    );
  if (!json) {
    for (const line of unmatchedHint(accounting, pipelineFile)) say(line);
    for (const line of overflowHint(accounting)) say(line);
    const verdict = refusedVerdict(accounting);
    if (verdict !== null) say(`warning: ${verdict}`);
  }
  if (missing(accounting) !== 0) {
    throw new AnswerNoError('millrace start: the accounting does not add up');
  }
}

async function readApplication(): Promise<Application> {
  const text = await readFile(projectFile('template.yaml'), 'utf8');
  try {
    return readTemplate(text, { source: 'template.yaml' });
  } catch (error) {
    throw error instanceof TemplateError ? new UsageError(error.message) : error;
  }
}

function printSummary(lines: readonly (string | Heading)[], report: string): void {
  const shown = relative(process.cwd(), report);
  const next = [
    '',
    { heading: 'Next' },
    `  open ${shown}: a chart of every series with its expected band`,
    '  edit pipeline.json and run npm start again; npx millrace --help lists the other commands',
  ];
  for (const line of ['', ...lines, ...next]) print(line);
}
