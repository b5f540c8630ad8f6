import { systemClock } from '@millrace/adapters/system-clock';
import { incidentLine, rowLine } from '@millrace/core/results/view';
import type { Command } from 'commander';
import { complaint } from '../command';
import { AnswerNoError, UsageError } from '../exit';
import { printJson, say } from '../output';
import { projectFile } from '../project';
import type { QueryFlags } from './command';
import { follow } from './follow';
import { type QuerySource, selectIncidents, selectRows } from './read';
import { incidentLines, rowLines, rowText } from './render';
import { parseTime, type Selection } from './selection';
import { openLocal, openStack } from './source';

/** Windows of a series that a terminal shows unless told. */
const TABLE_ROWS = 10;
/** Windows that are read for its sparkline then. */
const DRAWN_ROWS = 48;

/** See `register` for the flags. */
export async function query(command: Command, flags: QueryFlags): Promise<void> {
  const selection = selectionOf(command, flags);
  if (flags.follow === true) checkFollow(command, flags);
  const source = await openSource(command, flags);
  if (flags.follow === true) return followRows(source, selection, flags);
  if (flags.incidents === true) return showIncidents(command, source, selection, flags);
  const json = flags.json === true;
  const limit = flags.limit ?? (json ? Number.POSITIVE_INFINITY : DRAWN_ROWS);
  const rows = await selectRows(source, selection, limit);
  if (json) printJson(rows.map(rowLine));
  else print(rowLines(rows, source.pipeline, flags.limit ?? TABLE_ROWS));
  if (rows.length === 0 && !json) throw new AnswerNoError(complaint(command, 'no rows'));
}

async function showIncidents(
  command: Command,
  source: QuerySource,
  selection: Selection,
  flags: QueryFlags,
): Promise<void> {
  const incidents = await selectIncidents(source, selection);
  if (flags.json === true) printJson(incidents.map(incidentLine));
  else if (incidents.length > 0) print(incidentLines(incidents));
  else say(complaint(command, 'no incidents'));
}

/** Until the user ends it. */
async function followRows(source: QuerySource, selection: Selection, flags: QueryFlags) {
  const json = flags.json === true;
  await follow({
    ...{ source, selection, clock: systemClock },
    everyMs: flags.interval * 1000,
    // One line a row, for programs too: a document would never end.
    print: (row) => print([json ? JSON.stringify(rowLine(row)) : rowText(row)]),
    isOver: () => false,
  });
}

async function openSource(command: Command, flags: QueryFlags): Promise<QuerySource> {
  const { stack, local } = flags;
  if (stack !== undefined && local !== undefined) {
    throw new UsageError(complaint(command, 'expected --stack or --local, got both'));
  }
  if (stack === undefined) {
    return openLocal(typeof local === 'string' ? local : projectFile('.millrace', 'store'));
  }
  const endpointUrl = flags.endpoint;
  if (endpointUrl !== undefined && !/^https?:\/\/[^/\s]+/.test(endpointUrl)) {
    const expected = 'expected a URL like "http://127.0.0.1:4566"';
    throw new UsageError(complaint(command, `--endpoint: ${expected}, got "${endpointUrl}"`));
  }
  return openStack(stack, { endpointUrl, pipeline: flags.pipeline });
}

function selectionOf(command: Command, flags: QueryFlags): Selection {
  const nowMs = systemClock.nowMs();
  const time = (name: string, text: string | undefined): number | null => {
    if (text === undefined) return null;
    const ms = parseTime(text, nowMs);
    if (ms !== null) return ms;
    const expected = 'a time like "2026-11-21T12:00Z" or "30m" (ago)';
    throw new UsageError(complaint(command, `${name}: expected ${expected}, got "${text}"`));
  };
  return {
    metric: flags.metric ?? null,
    series: flags.series ?? null,
    fromMs: time('--from', flags.from),
    toMs: time('--to', flags.to),
  };
}

function checkFollow(command: Command, flags: QueryFlags): void {
  if (flags.incidents === true) {
    throw new UsageError(complaint(command, '--follow shows rows, not --incidents'));
  }
  const isKeyed = flags.metric !== undefined && flags.series !== undefined;
  if (flags.stack === undefined || isKeyed) return;
  const why = 'anything else reads the whole table every time';
  throw new UsageError(
    complaint(command, `--follow on a stack needs --metric and --series: ${why}`),
  );
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
