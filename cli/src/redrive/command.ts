import type { Command } from 'commander';
import { checkTogether } from '../option-value';
import { addFilterOptions, type FilterFlags } from '../quarantine/filter-options';
import { addTargetOptions, type TargetFlags } from '../quarantine/open-stores';
import { TRANSFORMS_OPTION } from '../transforms';

const HELP = `
Puts the bytes of refused records into the stream again, under their partition keys. Without
--all only records that would be applied now; records that are late stay late, and a record
that another metric has counted stays where it is unless that metric deduplicates.

Run it again after a failure: what is done is not done twice. A run that was killed leaves up
to 100 records that may be in the stream already (--local: all that it had read, in no stream
unless its recording is whole); the next run puts them again and says so.

Examples:
  $ millrace redrive --stack millrace --dry-run
  $ millrace redrive --stack millrace --reason transform --since 2026-01-05T00:00:00Z
  $ millrace redrive --stack millrace --to-stream millrace-test --all
  $ millrace redrive --local store --out redriven.ndjson

Exit codes: 0 done, 1 some are being put by another run, 2 wrong use, 3 the store or AWS failed.`;

export interface RedriveFlags extends TargetFlags, FilterFlags {
  readonly pipeline: string;
  readonly transforms?: string;
  readonly toStream?: string;
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** `millrace redrive`. Manual: docs/reference/quarantine.md. */
export function register(program: Command): void {
  const command = program
    .command('redrive')
    .description('put refused records into the stream again');
  addFilterOptions(addTargetOptions(command))
    .option('--dry-run', 'say what would become of each; write nothing')
    .option('--pipeline <file>', 'pipeline to judge by', 'pipeline.json')
    .option(...TRANSFORMS_OPTION)
    .option('--to-stream <name>', "another stream than the stack's")
    .option('--out <file>', 'with --local: recording to write, for millrace replay')
    .option('--all', 'also records that would be refused, late or counted twice')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action(async (flags: RedriveFlags) => {
      const { runRedrive } = await import('./run');
      await runRedrive(command, flags);
    });
  checkTogether(command, ({ local, stack, out, toStream, dryRun }: RedriveFlags) => {
    const problems: string[] = [];
    if (stack !== undefined && out !== undefined) problems.push('--out needs --local');
    if (local !== undefined && toStream !== undefined) problems.push('--to-stream needs --stack');
    if (local !== undefined && out === undefined && dryRun !== true) {
      problems.push('--local: expected --out FILE, the recording to write, or --dry-run');
    }
    return problems;
  });
}
