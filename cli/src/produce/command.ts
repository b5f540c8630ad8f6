import type { Command } from 'commander';
import { checkTogether, durationValue, oneOf, wholeNumber } from '../option-value';
import { grouped, printJson, say } from '../output';
import { startProgress } from '../progress';
import { LIVESTREAM } from './livestream';
import { produceLivestream } from './livestream-files';
import type { ProduceOptions } from './plan';
import { produce, recordsAbout } from './produce';
import { momentValue, rateValue, shareValue } from './quantity-option';
import type { Truth } from './truth';

const HELP = `
Writes F (the recording), F.truth.json (what was injected where, and what a consumer
must count as late, duplicate and invalid) and F.pipeline.json (the pipeline for which
that holds). The same options write the same bytes.

Examples:
  $ millrace produce --out demo.ndjson
  $ millrace produce --out busy.ndjson.gz --series 50 --rate 5/s --duration 2h --seed 7
  $ millrace produce --out hard.ndjson --late 40 --duplicates 40 --poison 20 --out-of-order 0.05
  $ millrace produce --scenario livestream --out livestream.ndjson.gz
  $ millrace replay hard.ndjson --pipeline hard.ndjson.pipeline.json --out out

Exit codes: 0 done, 2 wrong use (also: the asked-for faults do not fit), 3 disk.`;

/** Samples one run may make: about 10 GB of recording. */
const SAMPLES_MAX = 100_000_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Flags {
  readonly out: string;
  readonly seed: number;
  readonly series: number;
  readonly shards: number;
  readonly start: number;
  readonly duration: number;
  readonly rate: number;
  readonly anomalies: number;
  readonly late: number;
  readonly duplicates: number;
  readonly outOfOrder: number;
  readonly poison: number;
  readonly scenario?: 'livestream';
  readonly json?: boolean;
}

/** `millrace produce`: a seeded recording with known faults. Manual: docs/reference/produce.md. */
export function register(program: Command): void {
  const command = program.command('produce');
  const count = (name: string, min = 0, max = 1_000_000) =>
    wholeNumber(command, name, { min, max });
  const duration = { min: 60_000, max: 366 * DAY_MS };
  const period = { min: 5, max: HOUR_MS };
  command
    .description('make a recording with injected anomalies, late, duplicate and poison records')
    .requiredOption('--out <file>', 'recording to write, .ndjson or .ndjson.gz')
    .option('--seed <n>', 'the same seed gives the same bytes', count('--seed'), 1)
    .option('--series <n>', 'hosts that report', count('--series', 1, 100_000), 10)
    .option('--shards <n>', 'shards of the stream', count('--shards', 1, 1_000), 4)
    .option(
      '--start <time>',
      'event time of the first sample (default: 2026-01-05T00:00:00Z)',
      momentValue(command, '--start'),
      Date.UTC(2026, 0, 5),
    )
    .option(
      '--duration <time>',
      'event time the recording spans (default: 1h)',
      durationValue(command, '--duration', duration),
      HOUR_MS,
    )
    .option(
      '--rate <rate>',
      'samples of each series: 1/s, 12/m, 200/s (default: 1/s)',
      rateValue(command, '--rate', period),
      1_000,
    )
    .option(
      '--anomalies <n>',
      'spike, level shift, drift, flat line, missing data',
      count('--anomalies'),
      5,
    )
    .option('--late <n>', 'samples held up for too long to count', count('--late'), 10)
    .option('--duplicates <n>', 'samples sent twice', count('--duplicates'), 10)
    .option(
      '--out-of-order <share>',
      'samples overtaken by a later one',
      shareValue(command, '--out-of-order'),
      0.01,
    )
    .option('--poison <n>', 'records that can never be applied', count('--poison'), 5)
    .option(
      '--scenario <name>',
      'livestream: a thousandfold burst, half of it on one key, and a late flood; of the other options it takes --seed and --shards',
      oneOf(command, '--scenario', ['livestream']),
    )
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action(run);
  checkTogether(command, (flags: Flags) => {
    const records = recordsAbout(optionsOf(flags));
    if (flags.scenario === 'livestream' || !(records > SAMPLES_MAX)) return [];
    return [`at most ${grouped(SAMPLES_MAX)} records in one recording, got ${grouped(records)}`];
  });
}

function optionsOf(flags: Flags): ProduceOptions {
  return {
    seed: flags.seed,
    series: flags.series,
    shards: flags.shards,
    startMs: flags.start,
    durationMs: flags.duration,
    periodMs: flags.rate,
    anomalies: flags.anomalies,
    late: flags.late,
    duplicates: flags.duplicates,
    outOfOrder: flags.outOfOrder,
    poison: flags.poison,
  };
}

async function run(flags: Flags): Promise<void> {
  if (flags.scenario === 'livestream') return runLivestream(flags);
  const options = optionsOf(flags);
  const json = flags.json === true;
  const progress = startProgress({ label: 'producing', total: recordsAbout(options), json });
  const { files, truth } = await produce(flags.out, options, progress.update).finally(
    progress.stop,
  );
  if (json) printJson({ ...files, expected: truth.expected, anomalies: truth.anomalies });
  else for (const line of summary(files.recording, truth)) say(line);
}

async function runLivestream({ out, seed, shards, json }: Flags): Promise<void> {
  const { files, truth } = await produceLivestream(out, { ...LIVESTREAM, seed, shards });
  const { expected, hotShare, hotChannel, throttled, longestWaitMs } = truth;
  if (json === true) {
    printJson({ ...files, ...truth });
    return;
  }
  const { records, applied, late } = expected;
  say(`${out}: ${grouped(records)} records, ${grouped(applied)} to apply, ${grouped(late)} late`);
  say(`  ${Math.round(hotShare * 100)} % of them on ${hotChannel}`);
  say(`  ${grouped(throttled)} puts throttled, up to ${longestWaitMs / 1000} s long`);
  say(`  truth: ${files.truth}, pipeline: ${files.pipeline}`);
}

function summary(recording: string, truth: Truth): readonly string[] {
  const { records, applied, late, duplicate, invalid } = truth.expected;
  const counts = `${grouped(applied)} to apply, ${late} late, ${duplicate} duplicate, ${invalid} invalid`;
  return [
    `${recording}: ${grouped(records)} records, ${counts}`,
    ...truth.anomalies.map(
      ({ kind, series, from, to }) => `  ${kind} on ${series} ${from} to ${to}`,
    ),
    `  truth: ${recording}.truth.json, pipeline: ${recording}.pipeline.json`,
  ];
}
