import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { UsageError } from '../exit';
import { createHostRecorder, type HostTruth, type NotedDisturbance } from './host-recording';
import { parseRawLine, type RawSample } from './raw-sample';

export interface CaptureOptions {
  readonly from: string;
  /** Minutes after the first sample of the capture. */
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly out: string;
  readonly host: string;
  readonly seed: number;
  readonly shards: number;
}

/** Makes a recording of a part of a capture of raw /proc texts. */
export async function recordFromCapture(options: CaptureOptions): Promise<HostTruth> {
  const { samples, disturbances } = await readCapture(options);
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < 2) {
    throw new UsageError(
      `${options.from}: expected at least two samples between the minutes given`,
    );
  }
  const recorder = await createHostRecorder({
    ...options,
    startMs: first.t,
    durationMs: last.t - first.t,
  });
  for (const sample of samples) await recorder.sample(sample);
  return recorder.finish(disturbances);
}

interface Capture {
  readonly samples: readonly RawSample[];
  readonly disturbances: readonly NotedDisturbance[];
}

async function readCapture(options: CaptureOptions): Promise<Capture> {
  if (!(await stat(options.from).catch(() => null))?.isFile()) {
    throw new UsageError(`${options.from}: expected a capture file, found none`);
  }
  const samples: RawSample[] = [];
  const disturbances: NotedDisturbance[] = [];
  let firstMs: number | null = null;
  const within = (ms: number) => {
    const minute = (ms - (firstMs ?? ms)) / 60_000;
    return minute >= options.fromMinute && minute <= options.toMinute;
  };
  for await (const line of createInterface({ input: createReadStream(options.from) })) {
    const parsed = parseRawLine(line);
    if (parsed === null) continue;
    if ('stat' in parsed) {
      firstMs ??= parsed.t;
      if (within(parsed.t)) samples.push(parsed);
    } else if (within(parsed.at)) {
      const iso = (ms: number) => new Date(ms).toISOString();
      const { what, at, seconds } = parsed;
      disturbances.push({ what, from: iso(at), to: iso(at + seconds * 1000) });
    }
  }
  return { samples, disturbances };
}
