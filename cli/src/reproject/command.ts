import { systemClock } from '@millrace/adapters/system-clock';
import type { Command } from 'commander';
import { checkTogether, timeValue, urlValue } from '../option-value';

const HELP = `
Writes rows of the Results table into Timestream again, as the projector does: after an outage
of more than a day, which is as long as the table stream keeps what the projector has not read.
Rows that are there already, or newer ones, stay as they are: run it as often as you like.
The whole Results table is read; --from and --to are about the start of the windows.

Examples:
  $ millrace reproject --stack millrace --from 2026-11-21 --to 2026-11-23 --dry-run
  $ millrace reproject --stack millrace --from 2026-11-21T06:00Z --to 2026-11-22T18:00Z
  $ millrace reproject --stack millrace --from 48h --to 1h --metric host.cpu --json

Exit codes: 0 done, 1 some rows cannot be written, ever, 2 wrong use or no such stack, 3 AWS or
Timestream failed: run it again.`;

export interface ReprojectFlags {
  readonly stack: string;
  /** Epoch milliseconds, as is `to`. */
  readonly from: number;
  readonly to: number;
  readonly metric?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly endpoint?: string;
  readonly timestreamEndpoint?: string;
}

/** `millrace reproject`. Manual: docs/reference/timestream.md. */
export function register(program: Command): void {
  const command = program.command('reproject');
  const time = (name: string) => timeValue(command, name, () => systemClock.nowMs());
  const url = (name: string) => urlValue(command, name);
  command
    .description('write rows of a time range into Timestream again')
    .requiredOption('--stack <name>', 'deployed stack, with EnableTimestream')
    .requiredOption('--from <time>', 'windows from then on: a moment, or "30h" ago', time('--from'))
    .requiredOption('--to <time>', 'windows before then', time('--to'))
    .option('--metric <name>', 'of this metric only')
    .option('--dry-run', 'count the rows; write nothing')
    .option('--json', 'print one JSON document on stdout')
    .option('--endpoint <url>', 'of an emulator (default: AWS)', url('--endpoint'))
    .option(
      '--timestream-endpoint <url>',
      'of an emulated Timestream (default: AWS)',
      url('--timestream-endpoint'),
    )
    .addHelpText('after', HELP)
    .action(async (flags: ReprojectFlags) => {
      const { runReproject } = await import('./run');
      await runReproject(command, flags);
    });
  checkTogether(command, ({ from, to }: ReprojectFlags) =>
    from >= to ? ['--to: expected a time behind --from'] : [],
  );
}
