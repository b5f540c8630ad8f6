import { createDynamoClient, createDynamoStore } from '@millrace/adapters/aws/dynamodb-store';
import {
  createTimestreamClient,
  createTimestreamSink,
} from '@millrace/adapters/aws/timestream-writer';
import { systemClock } from '@millrace/adapters/system-clock';
import type { Command } from 'commander';
import { complaint, fullName } from '../command';
import { readStackOutputs } from '../env/stack-outputs';
import { AnswerNoError, UsageError } from '../exit';
import { grouped, print, printJson, say } from '../output';
import type { ReprojectFlags } from './command';
import { type RefusedRow, type ReprojectCounts, reproject } from './reproject';

/** Rows that are named one by one; all of them are counted. */
const LISTED_MAX = 50;
const PROGRESS_EVERY_MS = 5_000;
/** From here the way to AWS is longer than from a function. */
const REQUEST_MS_MAX = 5_000;
const LIMITS = { attemptsMax: 8, attemptMsMax: REQUEST_MS_MAX, totalMsMax: 60_000 };

/** See `register` for the flags. */
export async function runReproject(command: Command, flags: ReprojectFlags): Promise<void> {
  const { from: fromMs, to: toMs, metric } = flags;
  const stack = await openStack(command, flags);
  const refused: RefusedRow[] = [];
  let counts: ReprojectCounts;
  try {
    counts = await reproject({
      results: stack.results,
      control: stack.control,
      sink: flags.dryRun === true ? null : stack.sink,
      ...{ fromMs, toMs },
      ...(metric !== undefined && { metric }),
      ...(flags.json !== true && { onProgress: progress(command) }),
      onRefused: (row) => {
        if (refused.length < LISTED_MAX) refused.push(row);
      },
    });
  } finally {
    stack.close();
  }
  report(flags, counts, refused);
  if (counts.refused === 0) return;
  const text = `${grouped(counts.refused)} rows cannot be written; they stay in the Results table`;
  throw new AnswerNoError(complaint(command, text));
}

function report(
  flags: ReprojectFlags,
  { items, rows, written, refused }: ReprojectCounts,
  listed: readonly RefusedRow[],
): void {
  const dryRun = flags.dryRun === true;
  if (flags.json === true) {
    printJson({ dryRun, items, rows, written, refused, listed });
    return;
  }
  for (const { pk, sk, reason } of listed) print(`${pk} ${sk}: ${reason}`);
  const verb = dryRun ? 'would be written' : 'written';
  print(`${grouped(rows)} rows of ${grouped(items)} items: ${grouped(written)} ${verb}`);
}

/** A line every few seconds: a table of millions takes minutes. */
function progress(command: Command): (counts: ReprojectCounts) => void {
  let saidMs = systemClock.nowMs();
  return ({ items, written }) => {
    const nowMs = systemClock.nowMs();
    if (nowMs - saidMs < PROGRESS_EVERY_MS) return;
    saidMs = nowMs;
    say(`${fullName(command)}: ${grouped(items)} items read, ${grouped(written)} rows done`);
  };
}

async function openStack(command: Command, flags: ReprojectFlags) {
  const { stack, endpoint: endpointUrl, timestreamEndpoint } = flags;
  const outputs = await readStackOutputs(stack, { endpointUrl });
  const output = (name: string, hint: string) => {
    const value = outputs[name];
    if (value !== undefined && value !== '') return value;
    throw new UsageError(complaint(command, `--stack: ${stack} has no output ${name}; ${hint}`));
  };
  const ours = 'is it a stack of Millrace?';
  const [results, control] = [output('ResultsTableName', ours), output('ControlTableName', ours)];
  const projected = 'it needs EnableTimestream=true, deployed with this version';
  const database = output('TimestreamDatabaseName', projected);
  const table = output('TimestreamTableName', projected);
  const dynamo = createDynamoClient({ endpointUrl, requestMsMax: REQUEST_MS_MAX });
  const timestream = createTimestreamClient({ endpointUrl: timestreamEndpoint });
  return {
    results: createDynamoStore({ client: dynamo, table: results, limits: LIMITS }),
    control: createDynamoStore({ client: dynamo, table: control, limits: LIMITS }),
    sink: createTimestreamSink({ client: timestream, database, table, limits: LIMITS }),
    close() {
      dynamo.destroy();
      timestream.destroy();
    },
  };
}
