import { lstat } from 'node:fs/promises';
import { createKinesisReader } from '@millrace/adapters/aws/kinesis-reader';
import { createKinesisClient } from '@millrace/adapters/aws/kinesis-writer';
import type { Path } from '@millrace/core/pipeline/pipeline';
import { parsePath } from '@millrace/core/record/path';
import type { Command } from 'commander';
import { complaint } from '../command';
import { AnswerNoError, UsageError } from '../exit';
import { checkTogether, durationValue, urlValue } from '../option-value';
import { grouped, printJson, say } from '../output';
import { momentValue, shareValue } from '../produce/quantity-option';
import { describeStream } from './describe-stream';
import { type RecordProgress, recordStream } from './record-stream';
import {
  newRedactKey,
  type RecordingState,
  readState,
  spoolPath,
  statePath,
} from './recording-state';
import { EVERY, PARTITION_KEY, type Redaction } from './redact';
import { startStatus } from './status';

const HELP = `
Reads from the oldest record the stream has, or from --from, and goes on live until --to,
--duration or Ctrl-C; F is complete in each case. What was interrupted otherwise goes on
with the same options and --resume (F.spool and F.state.json are kept for it).

--redact exchanges the values at these paths for keyed hashes; ${PARTITION_KEY} is the
partition key, and * is every field or entry: users.*.id. With the key in
MILLRACE_REDACT_KEY the hashes are the same in every recording.

Examples:
  $ millrace record --stream orders --out orders.ndjson.gz --duration 10m
  $ millrace record --stream orders --out o.ndjson --from 2026-11-21T08:00Z --to 2026-11-21T09:00Z
  $ millrace record --stream orders --out o.ndjson --redact user.id,${PARTITION_KEY} --sample-keys 0.1
  $ millrace record --stream local --endpoint http://127.0.0.1:4566 --out local.ndjson

Exit codes: 0 done, 1 done, and a path of --redact was in no record, 2 wrong use, 3 the stream or the disk failed (--resume goes on).`;

const MINUTE_MS = 60_000;
const YEAR_MS = 366 * 24 * 60 * MINUTE_MS;

interface Flags {
  readonly stream: string;
  readonly out: string;
  readonly endpoint?: string;
  readonly from?: number;
  readonly to?: number;
  readonly duration?: number;
  readonly redact?: string;
  readonly sampleKeys: number;
  readonly resume?: boolean;
  readonly json?: boolean;
}

/** `millrace record`: a live stream into a recording. Manual: docs/reference/record.md. */
export function register(program: Command): void {
  const command = program.command('record');
  command
    .description('record a Kinesis stream')
    .requiredOption('--stream <name>', 'name or ARN of the stream')
    .requiredOption('--out <file>', 'recording to write, .ndjson or .ndjson.gz')
    .option('--endpoint <url>', 'of an emulator (default: AWS)', urlValue(command, '--endpoint'))
    .option('--from <time>', 'first arrival to record', momentValue(command, '--from'))
    .option('--to <time>', 'arrival to stop before', momentValue(command, '--to'))
    .option(
      '--duration <time>',
      'how long from now on',
      durationValue(command, '--duration', { min: 1000, max: YEAR_MS }),
    )
    .option('--redact <paths>', 'values to hash, several with commas')
    .option(
      '--sample-keys <share>',
      'share of partition keys to keep',
      shareValue(command, '--sample-keys'),
      1,
    )
    .option('--resume', 'go on with an interrupted recording')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action((flags: Flags) => run(command, flags));
  checkTogether(command, ({ from, to, redact }: Flags) => [
    ...(from !== undefined && to !== undefined && from >= to
      ? ['--to: expected a moment behind --from']
      : []),
    ...(redact === undefined ? [] : redactionOf(redact).problems),
  ]);
}

async function run(command: Command, flags: Flags): Promise<void> {
  const fail: (text: string) => never = (text) => {
    throw new UsageError(complaint(command, text));
  };
  const { to = Number.POSITIVE_INFINITY, duration } = flags;
  const from = flags.from ?? null;
  const endpointUrl = flags.endpoint;
  const wanted = flags.redact === undefined ? null : redactionOf(flags.redact).redaction;
  const earlier = await earlierState(flags, fail);
  const client = createKinesisClient({ endpointUrl, requestMsMax: REQUEST_MS_MAX });
  const startedMs = Date.now();
  const stop = stopOnInterrupt();
  const status = startStatus(flags.json === true);
  try {
    const reader = createKinesisReader({ client, stream: flags.stream });
    const { arn, name } = await describeStream(reader);
    const state = earlier ?? newState({ arn, name, fromMs: from, settings: settingsOf(flags) });
    if (state.arn !== arn) fail(`--resume: expected the stream ${state.arn}, got ${arn}`);
    const key = process.env.MILLRACE_REDACT_KEY || state.redactKey;
    const result = await recordStream({
      ...{ reader, out: flags.out, state, share: flags.sampleKeys, signal: stop.signal },
      toMs: Math.min(to, duration === undefined ? to : startedMs + duration),
      redaction: wanted === null ? null : { ...wanted, key },
      onProgress: status.update,
    });
    status.stop();
    tell(flags, arn, result, Date.now() - startedMs);
    refuseUnredacted(command, result);
  } catch (error) {
    status.stop();
    if (await exists(statePath(flags.out))) {
      say('millrace record: what was read is kept; the same command with --resume goes on');
    }
    throw error;
  } finally {
    stop.dispose();
    client.destroy();
  }
}

/** Of one answer of up to 10 MiB. */
const REQUEST_MS_MAX = 15_000;

function tell(flags: Flags, arn: string, result: RecordProgress, elapsedMs: number): void {
  const { records, skipped, notFound, shards } = result;
  if (flags.json === true) {
    const seconds = elapsedMs / 1000;
    printJson({ out: flags.out, origin: arn, records, skipped, notFound, shards, seconds });
    return;
  }
  say(`${grouped(records)} records of ${shards} shards in ${flags.out}`);
  if (skipped > 0) {
    say(`${grouped(skipped)} left out: not JSON objects, so --redact cannot look into them`);
  }
}

/** A path that is nowhere is mostly a misspelt one: what it should have hidden stands in the recording. */
function refuseUnredacted(command: Command, { records, notFound }: RecordProgress): void {
  if (records === 0 || notFound.length === 0) return;
  const paths = notFound.map((path) => JSON.stringify(path)).join(', ');
  throw new AnswerNoError(
    complaint(command, `--redact: no record has ${paths}; what it was to hide is in the recording`),
  );
}

/** The state to go on with; null for a new recording. Nothing that was recorded is overwritten. */
async function earlierState(
  flags: Flags,
  fail: (text: string) => never,
): Promise<RecordingState | null> {
  const { out, resume } = flags;
  if (await exists(out)) return fail(`--out: expected a new file, ${out} exists`);
  const state = await readState(out);
  if (resume === true) {
    if (state === null) return fail(`--resume: expected ${statePath(out)}, found none`);
    if (state.settings === settingsOf(flags)) return state;
    return fail('--resume: expected the --from, --redact and --sample-keys it began with');
  }
  if (state === null) return null;
  return fail(
    `--out: an interrupted recording is there; --resume goes on, or delete ${spoolPath(out)} and ${statePath(out)}`,
  );
}

function newState(start: {
  arn: string;
  name: string;
  fromMs: number | null;
  settings: string;
}): RecordingState {
  const { arn, name: stream, fromMs, settings } = start;
  return {
    v: 1,
    ...{ arn, stream, fromMs, settings, redactKey: newRedactKey() },
    ...{ spoolBytes: 0, records: 0, skipped: 0, shards: [], progress: {} },
  };
}

function settingsOf({ from, redact, sampleKeys }: Flags): string {
  return JSON.stringify({ from: from ?? null, redact: redact ?? null, sampleKeys });
}

function redactionOf(list: string): {
  readonly redaction: Omit<Redaction, 'key'>;
  readonly problems: readonly string[];
} {
  const paths: Path[] = [];
  const problems: string[] = [];
  let partitionKey = false;
  for (const text of list.split(',').map((each) => each.trim())) {
    const path = text === PARTITION_KEY ? null : parsePath(text);
    if (path === null) partitionKey = true;
    else if (typeof path === 'string')
      problems.push(`--redact: ${JSON.stringify(text)}: ${whyNot(text, path)}`);
    else paths.push(path);
  }
  return { redaction: { paths, partitionKey }, problems };
}

/** Who writes `users[].id` means every entry, not the first. */
function whyNot(text: string, problem: string): string {
  const every = text.replace(/\[\*?\]/g, `.${EVERY}`);
  if (every === text || typeof parsePath(every) === 'string') return problem;
  return `every entry of a list is the step ${EVERY}: write ${JSON.stringify(every)}`;
}

/** Ctrl-C ends the recording well; a second one ends the process, and --resume goes on. */
function stopOnInterrupt() {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, stop);
  return {
    signal: controller.signal,
    dispose() {
      for (const signal of signals) process.removeListener(signal, stop);
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
