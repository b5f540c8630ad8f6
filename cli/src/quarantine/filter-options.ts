import { parseDuration } from '@millrace/core/pipeline/duration';
import { INVALID_REASONS } from '@millrace/core/record/record';
import type { Command } from 'commander';
import { complaint } from '../command';
import { UsageError } from '../exit';

export interface FilterFlags {
  readonly reason?: string;
  readonly since?: string;
  readonly metric?: string;
}

export const REASONS: readonly string[] = [...INVALID_REASONS, 'late', 'unmatched'];

export function addFilterOptions(command: Command): Command {
  return command
    .option('--reason <reason>', REASONS.join(', '))
    .option('--since <time>', 'first seen since: 2026-01-05T00:00:00Z, or 2h for two hours ago')
    .option('--metric <name>', 'refused by this metric');
}

/** @throws UsageError for a reason or a time that is none */
export function filterOf(command: Command, flags: FilterFlags, nowMs: number) {
  const { reason, since, metric } = flags;
  if (reason !== undefined && !REASONS.includes(reason)) {
    const text = `--reason: expected one of ${REASONS.join(', ')}, got ${JSON.stringify(reason)}`;
    throw new UsageError(complaint(command, text));
  }
  const sinceMs = since === undefined ? undefined : momentOf(command, since, nowMs);
  return {
    ...(reason !== undefined && { reason }),
    ...(sinceMs !== undefined && { sinceMs }),
    ...(metric !== undefined && { metric }),
  };
}

function momentOf(command: Command, text: string, nowMs: number): number {
  const agoMs = parseDuration(text);
  if (agoMs !== null) return nowMs - agoMs;
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  const expected = 'a time like "2026-01-05T00:00:00Z" or "2h"';
  throw new UsageError(complaint(command, `--since: expected ${expected}, got "${text}"`));
}
