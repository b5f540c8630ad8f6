import { systemClock } from '@millrace/adapters/system-clock';
import { INVALID_REASONS } from '@millrace/core/record/record';
import type { Command } from 'commander';
import { oneOf, timeValue } from '../option-value';
import type { QuarantineFilter } from './entry';

export interface FilterFlags {
  readonly reason?: string;
  /** Epoch milliseconds. */
  readonly since?: number;
  readonly metric?: string;
}

export const REASONS: readonly string[] = [...INVALID_REASONS, 'late', 'unmatched'];

export function addFilterOptions(command: Command): Command {
  return command
    .option('--reason <reason>', REASONS.join(', '), oneOf(command, '--reason', REASONS))
    .option(
      '--since <time>',
      'first seen since: 2026-01-05T00:00:00Z, or 2h for two hours ago',
      timeValue(command, '--since', () => systemClock.nowMs()),
    )
    .option('--metric <name>', 'refused by this metric');
}

export function filterOf({ reason, since, metric }: FilterFlags): QuarantineFilter {
  return {
    ...(reason !== undefined && { reason }),
    ...(since !== undefined && { sinceMs: since }),
    ...(metric !== undefined && { metric }),
  };
}
