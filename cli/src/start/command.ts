import type { Command } from 'commander';
import { wholeNumber } from '../option-value';
import { TRANSFORMS_OPTION } from '../transforms';

const HELP = `
Without arguments: an hour of a real machine's telemetry, with two real disturbances.
Nothing leaves this machine, and no AWS account is needed. The folder gets what
\`millrace replay --out\` writes, bands.ndjson, run.json and report.html.

Examples:
  $ millrace start
  $ millrace start demo.ndjson --pipeline demo.ndjson.pipeline.json --out demo-results

Exit codes: 0 done, 1 the accounting does not add up, 2 wrong use or bad input, 3 disk.`;

export interface StartFlags {
  readonly pipeline?: string;
  readonly transforms?: string;
  readonly out?: string;
  readonly seed: number;
  readonly json?: boolean;
}

/** `millrace start`: the first thing to run. */
export function register(program: Command): void {
  const command = program.command('start');
  command
    .description('replay the shipped recording: windows, incidents, accounting, cost, a report')
    .argument('[recording]', '.ndjson or .ndjson.gz (default: the shipped one)')
    .option('--pipeline <file>', "pipeline file (default: the project's pipeline.json)")
    .option(...TRANSFORMS_OPTION)
    .option('--out <dir>', 'folder for the results, replaced (default: .millrace/start)')
    .option('--seed <n>', 'how things interleave', wholeNumber(command, '--seed', { min: 0 }), 1)
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action(async (recording: string | undefined, flags: StartFlags) => {
      // The engine, the handlers and the charts are a second of code that other commands do not need.
      const { start } = await import('./start');
      await start(recording, flags);
    });
}
