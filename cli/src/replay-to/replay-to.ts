import { createKinesisReader, READ_LIMITS } from '@millrace/adapters/aws/kinesis-reader';
import {
  createKinesisClient,
  createKinesisWriter,
  DisorderError,
} from '@millrace/adapters/aws/kinesis-writer';
import { systemClock } from '@millrace/adapters/system-clock';
import type { Command } from 'commander';
import { complaint } from '../command';
import { AnswerNoError, UsageError } from '../exit';
import { readPipeline } from '../load-pipeline';
import { grouped, printJson, say } from '../output';
import { startProgress } from '../progress';
import { describeStream } from '../record/describe-stream';
import { type LoadedRecording, loadRecording } from './load';
import { putPaced } from './paced-put';
import { createShiftTime, shiftOf } from './shift-time';

export interface ReplayToFlags {
  /** Name or ARN of the stream. */
  readonly to: string;
  readonly endpoint?: string;
  readonly speed: number;
  readonly shiftTime?: boolean;
  readonly force?: boolean;
  readonly keyRuns?: number;
  readonly pipeline: string;
  readonly partial?: boolean;
  readonly json?: boolean;
}

/** Of one request of up to 5 MiB. */
const REQUEST_MS_MAX = 15_000;

/** `millrace replay F --to STREAM`: a recording into a real stream. Manual: docs/reference/record.md. */
export async function replayTo(
  command: Command,
  recording: string,
  flags: ReplayToFlags,
): Promise<void> {
  const { endpoint } = flags;
  const warnings: string[] = [];
  const loaded = await loadRecording(recording, {
    partial: flags.partial === true,
    warn: (message) => warnings.push(message),
  });
  const shift = await timeShift(flags, loaded, warnings);
  const client = createKinesisClient({ endpointUrl: endpoint, requestMsMax: REQUEST_MS_MAX });
  try {
    const arn = await targetOf(command, client, loaded, flags);
    for (const warning of warnings) say(`warning: ${warning}`);
    const writer = createKinesisWriter({
      ...{ client, stream: flags.to, limits: READ_LIMITS },
      keyRunMax: flags.keyRuns ?? 1,
    });
    const total = loaded.entries.length;
    const json = flags.json === true;
    const progress = startProgress({ label: 'putting', total, json });
    const startMs = performance.now();
    const { lagMsMax } = await putPaced(loaded.entries, {
      ...{ writer, clock: systemClock, speed: flags.speed, onProgress: progress.update },
      ...(shift !== null && { prepare: shift.prepare }),
    }).finally(progress.stop);
    const seconds = (performance.now() - startMs) / 1000;
    const { skipped } = loaded;
    const shiftMs = shift?.shiftMs ?? 0;
    if (json) printJson({ to: arn, records: total, skipped, shiftMs, lagMsMax, seconds });
    else tell({ total, skipped, seconds, lagMsMax, to: flags.to });
  } catch (error) {
    if (!(error instanceof DisorderError)) throw error;
    throw new AnswerNoError(complaint(command, `${error.message}; use --key-runs 1`));
  } finally {
    client.destroy();
  }
}

/** The ARN of the stream; refuses the one that the recording was made of. */
async function targetOf(
  command: Command,
  client: ReturnType<typeof createKinesisClient>,
  { origin }: LoadedRecording,
  { to, force }: ReplayToFlags,
): Promise<string> {
  const { arn } = await describeStream(createKinesisReader({ client, stream: to }));
  if (arn !== origin || force === true) return arn;
  const text = `--to: expected another stream than the recorded one, got ${arn} (--force puts its records into it again)`;
  throw new UsageError(complaint(command, text));
}

async function timeShift(
  { shiftTime, pipeline: path, speed }: ReplayToFlags,
  { entries }: LoadedRecording,
  warnings: string[],
) {
  const [first] = entries;
  const last = entries.at(-1);
  if (shiftTime !== true || first === undefined || last === undefined) return null;
  const loaded = await readPipeline(path);
  const { pipeline } = loaded;
  warnings.push(...loaded.warnings);
  if (pipeline.transform !== null || pipeline.metrics.some(({ transform }) => transform !== null)) {
    warnings.push('--shift-time moves times of records as they are before transforms');
  }
  // The last record is put now, plus the time the replay takes: no event time is in the future.
  const spanMs = (last.arrivalMs - first.arrivalMs) / speed;
  const shiftMs = shiftOf(pipeline, last.arrivalMs, systemClock.nowMs() + spanMs);
  return { shiftMs, prepare: createShiftTime(pipeline, shiftMs) };
}

const LAG_MS_TOLD = 1000;

function tell(done: {
  total: number;
  skipped: number;
  seconds: number;
  lagMsMax: number;
  to: string;
}): void {
  const { total, skipped, seconds, lagMsMax, to } = done;
  const rate = grouped(Math.round(total / Math.max(seconds, 0.001)));
  say(`${grouped(total)} records in ${seconds.toFixed(1)} s, ${rate} a second, to ${to}`);
  if (skipped > 0) say(`${grouped(skipped)} left out: broken base64 or too large for a stream`);
  if (lagMsMax >= LAG_MS_TOLD) {
    say(
      `up to ${(lagMsMax / 1000).toFixed(1)} s behind the recorded pace: the stream took no more`,
    );
  }
}
