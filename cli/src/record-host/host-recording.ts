import { dirname } from 'node:path';
import { kindOf } from '../files/link';
import { makeFolder } from '../files/make-folder';
import { replaceFile } from '../files/write-file';
import { createRecordingWriter } from '../recording/write';
import { equalShards } from '../replay/hash-range';
import { type Counters, readCounters } from './counters';
import type { RawSample } from './raw-sample';
import { telemetry, usedInterfaces } from './telemetry';
import { createUplink, type UplinkTruth } from './uplink';

export interface HostRecordingOptions {
  readonly out: string;
  readonly host: string;
  readonly seed: number;
  readonly shards: number;
  readonly startMs: number;
  readonly durationMs: number;
}

/** What was done to the machine on purpose. */
export interface NotedDisturbance {
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

export interface HostTruth {
  readonly v: 1;
  readonly records: number;
  readonly disturbances: readonly NotedDisturbance[];
  readonly uplink: UplinkTruth;
}

export interface HostRecorder {
  /** One sample of the machine; the first one only starts the counters. */
  sample(raw: RawSample): Promise<void>;
  /** Writes the recording and its truth file. */
  finish(disturbances: readonly NotedDisturbance[]): Promise<HostTruth>;
}

/** Its series stays out of both shipped disturbances, so its late records are the outage's alone. */
const OUTAGE_SENSOR = 'disk';
/** Fewer milliseconds than this between two samples give no meaningful rate. */
const GAP_MS_MIN = 100;

/** raw samples → counters → telemetry records → uplink → recording. The same for live and captured. */
export async function createHostRecorder(options: HostRecordingOptions): Promise<HostRecorder> {
  await makeFolder(dirname(options.out));
  const truthPath = `${options.out}.truth.json`;
  kindOf(truthPath);
  const writer = await createRecordingWriter(options.out, {
    stream: 'host',
    shards: equalShards(options.shards),
    origin: `telemetry of one Linux machine, its name changed to ${options.host}, measured; its delivery (jitter, an outage, resent batches, cut messages) is a model with seed ${options.seed}: see the truth file`,
    licence: 'Apache-2.0',
  });
  const uplink = createUplink({ ...options, outageSensor: OUTAGE_SENSOR });
  let before: Counters | null = null;
  let interfaces: readonly string[] = [];
  return {
    async sample(raw) {
      const counters = readCounters(raw);
      if (before === null) interfaces = usedInterfaces(counters);
      else if (counters.timeMs - before.timeMs < GAP_MS_MIN) return;
      else {
        const records = telemetry(before, counters, { host: options.host, interfaces });
        for (const record of uplink.send(counters.timeMs, records)) await writer.write(record);
      }
      before = counters;
    },
    async finish(disturbances) {
      for (const record of uplink.finish()) await writer.write(record);
      const records = writer.records;
      await writer.close();
      const truth: HostTruth = { v: 1, records, disturbances, uplink: uplink.truth() };
      await replaceFile(truthPath, `${JSON.stringify(truth, null, 2)}\n`);
      return truth;
    },
  };
}
