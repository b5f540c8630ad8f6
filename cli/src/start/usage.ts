import { DUE_BUCKETS } from '@millrace/core/fold/codec';
import type { Application, EngineEvent } from '@millrace/engine';
import { parseSchedule } from '@millrace/engine/schedule/expression';
import type { Usage } from '../cost-estimate/estimate';
import type { Architecture } from '../cost-estimate/prices';
import type { ReplayResult } from '../replay/run-replay';
import type { Source } from '../replay/source';

const KB = 1024;
const HOUR_MS = 3_600_000;
/** An index read is eventually consistent: half a unit for a page that is nearly always empty. */
const SWEEP_READ_UNITS = 0.5;

/** Adds up how long invocations take while a replay runs: in virtual time, and on this processor. */
export function createDurationMeter() {
  const before = process.cpuUsage();
  let virtualMs = 0;
  return {
    observe(event: EngineEvent): void {
      if (event.kind === 'invoke-end') virtualMs += event.atMs - event.startMs;
    },
    /** Modelled waiting for services plus processor time, the engine's own included. */
    seconds(): number {
      const { user, system } = process.cpuUsage(before);
      return virtualMs / 1000 + (user + system) / 1e6;
    },
  };
}

/** What a replay used, in the units that AWS bills. */
export function usageOf(
  application: Application,
  source: Source,
  result: ReplayResult,
  run: { readonly lambdaSeconds: number },
): Usage {
  const { arrivals } = source;
  const sweeps = arrivals === null ? 0 : sweepsWithin(application, arrivals);
  const { StreamSweeper: _, ...others } = result.stats.invocations;
  const lambdaInvocations = Object.values(others).reduce((sum, count) => sum + count, sweeps);
  let kinesisBytes = 0;
  let kinesisBilledBytes = 0;
  for (const { data } of source.records) {
    const bytes = Buffer.byteLength(data, 'base64');
    kinesisBytes += bytes;
    kinesisBilledBytes += Math.max(1, Math.ceil(bytes / KB)) * KB;
  }
  return {
    records: source.records.length,
    kinesisBilledBytes,
    kinesisBytes,
    streamHours: arrivals === null ? 0 : (arrivals.lastMs - arrivals.firstMs) / HOUR_MS,
    lambdaInvocations,
    lambdaSeconds: run.lambdaSeconds,
    lambdaMemoryMb: application.functions.get('StreamConsumer')?.memoryMb ?? 0,
    architecture: (application.parameters.Architecture ?? 'arm64') as Architecture,
    dynamoDbWriteUnits: result.usage.writeUnits,
    dynamoDbReadUnits: result.usage.readUnits,
    dynamoDbSweepUnits: sweeps * DUE_BUCKETS * SWEEP_READ_UNITS,
    s3Puts: result.usage.objectPuts,
  };
}

/** A replay leaves out the sweeps that would find nothing; a stack does not. */
function sweepsWithin(
  application: Application,
  { firstMs, lastMs }: { readonly firstMs: number; readonly lastMs: number },
): number {
  const sources = application.functions.get('StreamSweeper')?.sources ?? [];
  const schedule = sources.find((each) => each.kind === 'schedule');
  if (schedule === undefined) return 0;
  const { next } = parseSchedule(schedule.expression);
  // SweepRate is a rate: from each time to the next it is the same.
  const everyMs = (next(firstMs, firstMs) ?? Number.POSITIVE_INFINITY) - firstMs;
  return Math.ceil((lastMs - firstMs) / everyMs);
}
