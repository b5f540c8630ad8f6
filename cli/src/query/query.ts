import { systemClock } from '@millrace/adapters/system-clock';
import { jsonText } from '@millrace/core/json/write-json';
import { hint } from '@millrace/core/pipeline/nearest';
import { incidentLine, rowLine } from '@millrace/core/results/view';
import type { Command } from 'commander';
import { complaint } from '../command';
import { AnswerNoError } from '../exit';
import { print, printJson, say } from '../output';
import { projectFile } from '../project';
import { PartitionKeySurvey } from '../survey/partition-keys';
import type { QueryFlags } from './command';
import { follow } from './follow';
import { type QuerySource, selectIncidents, selectRows } from './read';
import { incidentLines, rowLines, rowText } from './render';
import type { Selection } from './selection';
import { openLocal, openStack } from './source';

/** Between two looks of `--follow`. */
const INTERVAL_SECONDS = 5;
/** Windows of a series that a terminal shows unless told. */
const TABLE_ROWS = 10;
/** Windows that are read for its sparkline then. */
const DRAWN_ROWS = 48;

/** See `register` for the flags. */
export async function query(command: Command, flags: QueryFlags): Promise<void> {
  const { metric = null, series = null, from: fromMs = null, to: toMs = null } = flags;
  const selection: Selection = { metric, series, fromMs, toMs };
  const source = await openSource(flags);
  if (flags.follow === true) return followRows(source, selection, flags);
  if (flags.incidents === true) return showIncidents(command, source, selection, flags);
  const json = flags.json === true;
  const limit = flags.limit ?? (json ? Number.POSITIVE_INFINITY : DRAWN_ROWS);
  const keys = new PartitionKeySurvey();
  const rows = await selectRows(source, selection, limit, keys);
  if (json) printJson(rows.map(rowLine));
  else printLines(rowLines(rows, source.pipeline, flags.limit ?? TABLE_ROWS));
  for (const warning of keys.warnings()) say(`warning: ${warning}`);
  if (rows.length === 0 && !json) {
    throw new AnswerNoError(complaint(command, `no rows${unknownMetric(flags, source)}`));
  }
}

/** A misspelt name finds nothing either. */
function unknownMetric({ metric }: QueryFlags, { pipeline }: QuerySource): string {
  const names = pipeline.metrics.map(({ name }) => name);
  if (metric === undefined || names.includes(metric)) return '';
  const known = `the pipeline has ${names.join(', ')}`;
  return `: no metric ${JSON.stringify(metric)}${hint(metric, names) || `, ${known}`}`;
}

async function showIncidents(
  command: Command,
  source: QuerySource,
  selection: Selection,
  flags: QueryFlags,
): Promise<void> {
  const incidents = await selectIncidents(source, selection);
  if (flags.json === true) printJson(incidents.map(incidentLine));
  else if (incidents.length > 0) printLines(incidentLines(incidents));
  else say(complaint(command, `no incidents${unknownMetric(flags, source)}`));
}

/** Until the user ends it. */
async function followRows(source: QuerySource, selection: Selection, flags: QueryFlags) {
  const json = flags.json === true;
  await follow({
    ...{ source, selection, clock: systemClock },
    everyMs: (flags.interval ?? INTERVAL_SECONDS) * 1000,
    // One line a row, for programs too: a document would never end.
    print: (row) => print(json ? jsonText(rowLine(row)) : rowText(row)),
    isOver: () => false,
  });
}

async function openSource(flags: QueryFlags): Promise<QuerySource> {
  const { stack, local } = flags;
  if (stack !== undefined) {
    return openStack(stack, { endpointUrl: flags.endpoint, pipeline: flags.pipeline });
  }
  return openLocal(typeof local === 'string' ? local : projectFile('.millrace', 'store'));
}

function printLines(lines: readonly string[]): void {
  for (const line of lines) print(line);
}
