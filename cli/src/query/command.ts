import { systemClock } from '@millrace/adapters/system-clock';
import type { Command } from 'commander';
import { checkTogether, timeValue, urlValue, wholeNumber } from '../option-value';

const HELP = `
Reads a deployed stack, or what \`millrace start\` and \`millrace replay --store\` left here.
With --metric and --series only their key is read; without, the whole table is.

Examples:
  $ millrace query --local
  $ millrace query --metric host.memory --series web-1 --from 2h
  $ millrace query --incidents --stack millrace
  $ millrace query --stack millrace --metric orders --series '*' --follow

Exit codes: 0 done, 1 no rows, 2 wrong use or no such stack, 3 AWS cannot be reached.`;

export interface QueryFlags {
  readonly metric?: string;
  readonly series?: string;
  /** Epoch milliseconds, as is `to`. */
  readonly from?: number;
  readonly to?: number;
  readonly incidents?: boolean;
  readonly follow?: boolean;
  readonly interval?: number;
  readonly limit?: number;
  readonly stack?: string;
  readonly local?: string | true;
  readonly endpoint?: string;
  readonly pipeline: string;
  readonly json?: boolean;
}

/** `millrace query`: rows and incidents. Manual: docs/reference/query.md. */
export function register(program: Command): void {
  const command = program.command('query');
  const count = (name: string) => wholeNumber(command, name, { min: 1, max: 1_000_000 });
  const time = (name: string) => timeValue(command, name, () => systemClock.nowMs());
  command
    .description('show rows and incidents of a deployed stack or of a local run')
    .option('--metric <name>', 'of this metric only')
    .option('--series <name>', 'of this series only')
    .option('--from <time>', 'windows from then on: a moment, or "30m" ago', time('--from'))
    .option('--to <time>', 'windows before then', time('--to'))
    .option('--incidents', 'incidents, not rows')
    .option('--limit <n>', 'newest windows of each series', count('--limit'))
    .option('--follow', 'go on showing new rows and revisions')
    .option(
      '--interval <seconds>',
      'between two looks of --follow (default: 5)',
      count('--interval'),
    )
    .option('--stack <name>', 'deployed stack')
    .option('--local [dir]', 'store of a local run (default: .millrace/store)')
    .option('--endpoint <url>', 'of an emulator (default: AWS)', urlValue(command, '--endpoint'))
    .option('--pipeline <file>', "pipeline file of --stack's code", 'pipeline.json')
    .option('--json', 'print one JSON document on stdout; with --follow one line a row')
    .addHelpText('after', HELP)
    .action(async (flags: QueryFlags) => {
      const { query } = await import('./query');
      await query(command, flags);
    });
  checkTogether(command, problemsOf);
}

function problemsOf(flags: QueryFlags): string[] {
  const { stack, local, from, to, metric, series, incidents, follow, limit, interval } = flags;
  const problems: string[] = [];
  if (stack !== undefined && local !== undefined) {
    problems.push('expected --stack or --local, got both');
  }
  if (from !== undefined && to !== undefined && from >= to) {
    problems.push('--to: expected a time behind --from');
  }
  if (limit !== undefined && (follow === true || incidents === true)) {
    const what = incidents === true ? '--incidents' : '--follow';
    problems.push(`--limit: windows of a table, not with ${what} (--from shows less)`);
  }
  if (interval !== undefined && follow !== true) problems.push('--interval: only with --follow');
  if (follow === true && incidents === true) {
    problems.push('--follow shows rows, not --incidents');
  }
  if (follow === true && stack !== undefined && (metric === undefined || series === undefined)) {
    const why = 'anything else reads the whole table every time';
    problems.push(`--follow on a stack needs --metric and --series: ${why}`);
  }
  return problems;
}
