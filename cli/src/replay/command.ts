import { type Command, Option } from 'commander';
import { speedValue, wholeNumber } from '../option-value';

const HELP = `
DIR gets rows.ndjson, incidents.ndjson, quarantine.ndjson and accounting.json: the same
bytes for the same recording, pipeline and seed.

Examples:
  $ millrace replay demo.ndjson
  $ millrace replay demo.ndjson.gz --pipeline demo.ndjson.gz.pipeline.json --out out
  $ millrace replay demo.ndjson --shards 8 --parallelization 10 --seed 7
  $ millrace replay demo.ndjson --speed 60
  $ millrace replay cut-off.ndjson --partial --json

Exit codes: 0 done, 1 the accounting does not add up, 2 wrong use or bad input, 3 disk.`;

export interface ReplayFlags {
  readonly pipeline: string;
  readonly shards?: number;
  readonly parallelization?: number;
  readonly batchSize?: number;
  readonly seed: number;
  readonly speed: number;
  readonly out?: string;
  readonly json?: boolean;
  readonly partial?: boolean;
  readonly faults?: string;
}

/** `millrace replay`: a recording through the real handlers. Manual: docs/reference/cli.md. */
export function register(program: Command): void {
  const command = program.command('replay');
  const count = (name: string, max: number) => wholeNumber(command, name, { min: 1, max });
  command
    .description('run a recording through the real handlers, on this machine')
    .argument('<recording>', '.ndjson or .ndjson.gz')
    .option('--pipeline <file>', 'pipeline file', 'pipeline.json')
    .option(
      '--shards <n>',
      'hash over n equal shards (default: as recorded)',
      count('--shards', 1_000),
    )
    .option(
      '--parallelization <n>',
      "lanes per shard (default: template.yaml's)",
      count('--parallelization', 10),
    )
    .option(
      '--batch-size <n>',
      "records per batch (default: template.yaml's)",
      count('--batch-size', 10_000),
    )
    .option('--seed <n>', 'how things interleave', wholeNumber(command, '--seed', { min: 0 }), 1)
    .addOption(
      new Option('--speed <n>', 'times real time, or max')
        .argParser(speedValue(command, '--speed'))
        .default(Number.POSITIVE_INFINITY, 'max'),
    )
    .option('--out <dir>', 'folder for the results')
    .option('--partial', 'accept a recording without its trailer, or with a wrong one')
    .option('--json', 'print one JSON document on stdout')
    .addOption(new Option('--faults <plan>', 'inject faults').hideHelp())
    .addHelpText('after', HELP)
    .action(async (recording: string, flags: ReplayFlags) => {
      // The engine and the handlers are half a second of code that the other commands do not need.
      const { replay } = await import('./replay');
      await replay(command, recording, flags);
    });
}
