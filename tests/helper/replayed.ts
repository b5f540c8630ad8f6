/** Records through the real handlers of template.yaml, on virtual time to the end. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { countMeasurements } from '@millrace/adapters/kinesis/count';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import type { Log } from '@millrace/core/port';
import { readIncidents, readRows } from '@millrace/core/results/read';
import type { IncidentView, RowView } from '@millrace/core/results/view';
import { readTemplate, type Scheduler, scheduleEffects } from '@millrace/engine';
import type { Accounting } from '../../cli/src/replay/accounting';
import type { Disturbance } from '../../cli/src/replay/faults';
import { equalShards } from '../../cli/src/replay/hash-range';
import type { LocalStores, StoreUsage } from '../../cli/src/replay/local-application';
import { runReplay } from '../../cli/src/replay/run-replay';

export interface Sent {
  readonly arrivalMs: number;
  readonly partitionKey: string;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Replayed {
  readonly rows: readonly RowView[];
  readonly incidents: readonly IncidentView[];
  readonly accounting: Accounting;
  /** Invocations of the sweeper. */
  readonly sweeps: number;
  /** What the handlers' own calls would be billed on AWS. */
  readonly usage: StoreUsage;
  readonly stores: LocalStores;
}

export interface ReplayedOptions {
  /** Sweeps each minute until a day after the last arrival, whether anything is due or not. */
  readonly everyMinute?: boolean;
}

const DAY_MS = 86_400_000;
const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const TEMPLATE = readFileSync(resolve(__dirname, '../../template.yaml'), 'utf8');

/** `sent` in any order; it goes through one shard in order of arrival. */
export async function replayed(
  sent: readonly Sent[],
  pipelineJson: unknown,
  { everyMinute = false }: ReplayedOptions = {},
): Promise<Replayed> {
  const { pipeline } = parsePipeline(pipelineJson);
  const shards = equalShards(1);
  const records = [...sent]
    .sort((a, b) => a.arrivalMs - b.arrivalMs)
    .map(({ arrivalMs, partitionKey, json }, index) => ({
      shard: shards[0]!.id,
      sequence: `49${String(index + 1).padStart(38, '0')}${'0'.repeat(16)}`,
      ...{ partitionKey, arrivalMs, data: Buffer.from(JSON.stringify(json)).toString('base64') },
    }));
  const transforms = new Map();
  const arrivals = records.map(({ arrivalMs }) => arrivalMs);
  const untilMs = Math.max(...arrivals) + DAY_MS;
  const { accounting, stores, stats, usage } = await runReplay({
    application: readTemplate(TEMPLATE, { source: 'template.yaml' }),
    ...{ pipeline, transforms, seed: 1, speed: Number.POSITIVE_INFINITY, log: SILENT },
    onProgress: () => undefined,
    ...(everyMinute && { disturb: (scheduler) => unquiet(scheduler, untilMs) }),
    source: {
      ...{ shards, records, aggregated: false },
      in: records.reduce((sum, each) => sum + countMeasurements(each, pipeline, transforms), 0),
      arrivals: { firstMs: Math.min(...arrivals), lastMs: Math.max(...arrivals) },
    },
  });
  return {
    rows: await readRows(stores.results, pipeline),
    incidents: await readIncidents(stores.results, pipeline),
    accounting,
    sweeps: stats.invocations.StreamSweeper ?? 0,
    usage,
    stores,
  };
}

/** Disturbs nothing, but might: then nothing is known of what sweeps would find. */
function unquiet(scheduler: Scheduler, untilMs: number): Disturbance {
  return {
    port: (name, port, latencyMs) => scheduleEffects(port, scheduler, { name, latencyMs }),
    handler: (_, handler) => handler,
    clock: (clock) => clock,
    application: (application) => application,
    childrenEarly: false,
    begin: () => undefined,
    get quiet() {
      return scheduler.nowMs > untilMs;
    },
    patienceMs: 2 * DAY_MS,
    removed: [],
    removedIncidents: new Set(),
  };
}
