import { readFile } from 'node:fs/promises';
import { DURATION_MS_MAX } from '@millrace/core/pipeline/duration';
import { type Command, Option } from 'commander';
import { dollarsText } from '../cost-estimate/estimate';
import { checkTogether, decimal, durationValue, oneOf, wholeNumber } from '../option-value';
import { print, printJson } from '../output';
import { projectFile } from '../project';
import { type CostLine, costOf, type Load, type LoadCost } from './model';

const HELP = `
A model of a steady load at list prices, without free tiers. \`millrace start\` counts what
your own pipeline and data use instead.

Examples:
  $ millrace cost
  $ millrace cost --rate 2000 --series 500 --batch-window 10
  $ millrace cost --rate 500 --provisioned --shards 1 --json`;

interface Flags {
  readonly rate: number;
  /** Percent. */
  readonly unmatched: number;
  readonly series: number;
  /** Milliseconds. */
  readonly window: number;
  readonly batchWindow: number;
  readonly batchSize: number;
  readonly shards?: number;
  readonly provisioned?: boolean;
  readonly parallelization: number;
  readonly recordBytes: number;
  readonly stateBytes: number;
  readonly memory: number;
  readonly architecture: 'arm64' | 'x86_64';
  readonly json?: boolean;
}

/** Shards that an on-demand stream starts with. */
const ON_DEMAND_SHARDS = 4;

/** `millrace cost`: what a stack costs. Manual: docs/reference/query.md. */
export function register(program: Command): void {
  const command = program.command('cost');
  const number = (name: string, min: number, max: number) =>
    wholeNumber(command, name, { min, max });
  const window = durationValue(command, '--window', { min: 1, max: DURATION_MS_MAX });
  const rate = decimal(command, '--rate', { min: 0, max: 1e7 });
  const unmatched = decimal(command, '--unmatched', { min: 0, max: 100 });
  command
    .description('what a stack costs a month when idle, and for a million events')
    .option('--rate <n>', 'records a second, 0.5 for one in two', rate, 100)
    .option('--unmatched <percent>', 'of the records, that no metric matches', unmatched, 0)
    .option('--series <n>', 'series', number('--series', 1, 1e8), 100)
    .addOption(
      new Option('--window <duration>', 'length of the windows')
        .argParser(window)
        .default(60_000, '1m'),
    )
    .option('--batch-window <seconds>', 'BatchWindowSeconds', number('--batch-window', 0, 300), 5)
    .option('--batch-size <n>', 'BatchSize', number('--batch-size', 1, 10_000), 1000)
    .option(
      '--shards <n>',
      'shards (default: 4, or what the rate needs)',
      number('--shards', 1, 1e4),
    )
    .option('--provisioned', 'a provisioned stream')
    .option('--parallelization <n>', 'ParallelizationFactor', number('--parallelization', 1, 10), 4)
    .option('--record-bytes <n>', 'of a record', number('--record-bytes', 1, 1_048_576), 300)
    .option('--state-bytes <n>', 'of a state item', number('--state-bytes', 1, 409_600), 1000)
    .option('--memory <mb>', 'ConsumerMemoryMb', number('--memory', 128, 10_240), 1024)
    .option(
      '--architecture <name>',
      'arm64 or x86_64',
      oneOf(command, '--architecture', ['arm64', 'x86_64'] as const),
      'arm64' as const,
    )
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => {
      const load = await loadOf(flags);
      const cost = costOf(load);
      if (flags.json === true) printJson({ ...cost, load });
      else for (const line of costLines(load, cost)) print(line);
    });
  checkTogether(command, (flags: Flags) => {
    const needed = shardsNeeded(flags);
    if (flags.shards === undefined || !(flags.shards < needed)) return [];
    return [`--shards: this rate needs ${needed} or more, got ${flags.shards}`];
  });
}

/** A shard takes 1,000 records or a megabyte a second. */
function shardsNeeded({ rate, recordBytes }: Flags): number {
  return Math.ceil(Math.max(rate / 1_000, (rate * recordBytes) / 1e6, 1));
}

async function loadOf(flags: Flags): Promise<Load> {
  const { rate, recordBytes } = flags;
  const windowMs = flags.window;
  const provisioned = flags.provisioned === true;
  const shards = flags.shards ?? Math.max(shardsNeeded(flags), provisioned ? 1 : ON_DEMAND_SHARDS);
  const template = await readFile(projectFile('template.yaml'), 'utf8');
  return {
    ...{ rate, recordBytes, shards, provisioned, windowMs },
    unmatched: flags.unmatched / 100,
    series: flags.series,
    batchWindowSeconds: flags.batchWindow,
    batchSize: flags.batchSize,
    parallelization: flags.parallelization,
    stateBytes: flags.stateBytes,
    memoryMb: flags.memory,
    architecture: flags.architecture,
    alarms: template.match(/^ +Type: AWS::CloudWatch::Alarm$/gm)?.length ?? 0,
    dashboard: /^ +Type: AWS::CloudWatch::Dashboard$/m.test(template),
  };
}

function costLines(load: Load, cost: LoadCost): string[] {
  const { idleDollarsPerMonth, dollarsPerMillion, dollarsPerMonth } = cost;
  return [
    `An idle stack: ${dollarsText(idleDollarsPerMonth)} a month`,
    ...table(cost.idlePerMonth),
    '',
    `A million events: ${dollarsText(dollarsPerMillion)}, at ${Number(cost.recordsPerInvocation.toPrecision(3))} records an invocation`,
    ...table(cost.perMillion),
    '',
    `A month of ${load.rate} records a second in ${load.series} series: ${dollarsText(dollarsPerMonth)}`,
    `List prices of ${cost.asOf}, ${cost.region}, without free tiers; storage, backups and a queue's few requests are left out.`,
  ];
}

function table(lines: readonly CostLine[]): string[] {
  const width = Math.max(0, ...lines.map(({ what }) => what.length));
  return lines.map(
    ({ what, dollars, basis }) =>
      `  ${what.padEnd(width)}  ${dollarsText(dollars).padStart(11)}  ${basis}`,
  );
}
