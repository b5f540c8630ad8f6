import type { Command } from 'commander';
import { wholeNumber } from '../option-value';
import { addFilterOptions, type FilterFlags } from './filter-options';
import { addTargetOptions, type TargetFlags } from './open-stores';

const HELP = `
ID is STREAM/SHARD/SEQUENCE.SUB, as the list has it.

Examples:
  $ millrace quarantine list --stack millrace
  $ millrace quarantine list --stack millrace --reason json --since 2h --json
  $ millrace quarantine show events/shardId-000000000000/4959.0 --local store

Exit codes: 0 done, 1 no such record, 2 wrong use, 3 the store or AWS failed.`;

export interface QuarantineFlags extends TargetFlags, FilterFlags {
  readonly limit: number;
  /** Of `show`: the bytes as they are, wherever stdout goes. */
  readonly raw?: boolean;
  readonly json?: boolean;
}

/** `millrace quarantine`. Manual: docs/reference/quarantine.md. */
export function register(program: Command): void {
  const group = program
    .command('quarantine')
    .description('records that were refused or late: what, why, where, when')
    .addHelpText('after', HELP);
  const list = group
    .command('list', { isDefault: true })
    .description('count them by reason and list them');
  addFilterOptions(addTargetOptions(list))
    .option('--limit <n>', 'entries to list', wholeNumber(list, '--limit', { min: 0 }), 50)
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action(async (flags: QuarantineFlags) => {
      const { listEntries } = await import('./list');
      await listEntries(list, flags);
    });
  const show = group
    .command('show')
    .description('one record with its bytes')
    .argument('<id>', 'STREAM/SHARD/SEQUENCE.SUB');
  addTargetOptions(show)
    .option('--raw', 'the bytes as they are, also where a terminal would obey them')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action(async (id: string, flags: QuarantineFlags) => {
      const { showEntry } = await import('./show');
      await showEntry(show, id, flags);
    });
}
