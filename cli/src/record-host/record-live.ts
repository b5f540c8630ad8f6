import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { OutsideError } from '../exit';
import { type Disturbance, disturb } from './disturbance';
import { createHostRecorder, type HostTruth, type NotedDisturbance } from './host-recording';
import { readProc } from './raw-sample';

export interface LiveOptions {
  readonly out: string;
  readonly host: string;
  readonly seed: number;
  readonly shards: number;
  readonly durationMs: number;
  readonly intervalMs: number;
  readonly disturbances: readonly Disturbance[];
  readonly onSecond: (elapsedSeconds: number) => void;
}

/** Records this machine until the time is over or the user stops it (Ctrl-C keeps what there is). */
export async function recordLive(options: LiveOptions): Promise<HostTruth> {
  const startMs = Math.ceil(Date.now() / options.intervalMs) * options.intervalMs;
  const recorder = await createHostRecorder({ ...options, startMs });
  const loads = scheduleLoads(options.disturbances);
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  process.once('SIGINT', stop);
  try {
    for (let atMs = startMs; atMs <= startMs + options.durationMs && !stopped; ) {
      await sleep(Math.max(0, atMs - Date.now()));
      await recorder.sample(readProcOrFail());
      options.onSecond(Math.floor((atMs - startMs) / 1000));
      // A machine that is too busy to sample in time skips samples; it does not catch up with rates of 0.
      const nextMs = Math.ceil((Date.now() + 1) / options.intervalMs) * options.intervalMs;
      atMs = Math.max(atMs + options.intervalMs, nextMs);
    }
    return await recorder.finish(loads.noted);
  } finally {
    process.removeListener('SIGINT', stop);
    loads.stop();
  }
}

function readProcOrFail() {
  try {
    return readProc(Date.now());
  } catch (cause) {
    throw new OutsideError('millrace record-host: /proc cannot be read: Linux only', { cause });
  }
}

function scheduleLoads(disturbances: readonly Disturbance[]) {
  const noted: NotedDisturbance[] = [];
  const children: ChildProcess[] = [];
  const timers = disturbances.map((disturbance) =>
    setTimeout(() => {
      const nowMs = Date.now();
      children.push(disturb(disturbance));
      noted.push({
        what: disturbance.kind,
        from: new Date(nowMs).toISOString(),
        to: new Date(nowMs + disturbance.durationMs).toISOString(),
      });
    }, disturbance.afterMs),
  );
  return {
    noted,
    stop() {
      for (const timer of timers) clearTimeout(timer);
      for (const child of children) child.kill();
    },
  };
}
