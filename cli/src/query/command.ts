import type { Command } from 'commander';
import { wholeNumber } from '../option-value';

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
  readonly from?: string;
  readonly to?: string;
  readonly incidents?: boolean;
  readonly follow?: boolean;
  readonly interval: number;
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
  command
    .description('show rows and incidents of a deployed stack or of a local run')
    .option('--metric <name>', 'of this metric only')
    .option('--series <name>', 'of this series only')
    .option('--from <time>', 'windows from then on: a moment, or "30m" ago')
    .option('--to <time>', 'windows before then')
    .option('--incidents', 'incidents, not rows')
    .option('--limit <n>', 'newest windows of each series', count('--limit'))
    .option('--follow', 'go on showing new rows and revisions')
    .option('--interval <seconds>', 'between two looks of --follow', count('--interval'), 5)
    .option('--stack <name>', 'deployed stack')
    .option('--local [dir]', 'store of a local run (default: .millrace/store)')
    .option('--endpoint <url>', 'of an emulator (default: AWS)')
    .option('--pipeline <file>', "pipeline file of --stack's code", 'pipeline.json')
    .option('--json', 'print one JSON document on stdout; with --follow one line a row')
    .addHelpText('after', HELP)
    .action(async (flags: QueryFlags) => {
      const { query } = await import('./query');
      await query(command, flags);
    });
}
