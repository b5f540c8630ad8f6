import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import type { ObjectStore } from '@millrace/core/port';
import {
  readDefinitions,
  readIncidents,
  readQuarantine,
  readRows,
} from '@millrace/core/results/read';
import { incidentLine, type QuarantineView, rowLine } from '@millrace/core/results/view';
import { atRecordedPositions } from '../faults-position';
import type { Positions } from '../faults-records';
import type { ReplayResult } from '../run-replay';
import { jsonLines, writeOutputFolder } from './output-folder';

/** How many lines each file has. */
export interface Written {
  readonly rows: number;
  readonly incidents: number;
  readonly quarantine: number;
}

/** Reads the tables and writes what they hold; without a folder it only counts. */
export async function writeResult(
  { stores, accounting }: ReplayResult,
  pipeline: Pipeline,
  folder: string | null,
  positions: Positions | null = null,
): Promise<Written> {
  const rows = await readRows(stores.results, pipeline, await readDefinitions(stores.control));
  const incidents = await readIncidents(stores.results, pipeline);
  const quarantine = atRecordedPositions(await readQuarantine(stores.control), positions);
  if (folder !== null) {
    const refused = [];
    for (const view of quarantine) refused.push(await quarantineLine(view, stores.quarantine));
    await writeOutputFolder(folder, {
      'rows.ndjson': jsonLines(rows.map(rowLine)),
      'incidents.ndjson': jsonLines(incidents.map(incidentLine)),
      'quarantine.ndjson': jsonLines(refused),
      'accounting.json': jsonLines([accounting]),
    });
  }
  return { rows: rows.length, incidents: incidents.length, quarantine: quarantine.length };
}

/** A line of `quarantine.ndjson`, the record's bytes in it. */
async function quarantineLine(
  view: QuarantineView,
  objects: ObjectStore,
): Promise<Record<string, unknown>> {
  const { reason, detail, metric, shard, sequence, sub, partitionKey, arrivalMs } = view;
  const object = await objects.get(view.object);
  if (object === undefined)
    throw new Error(`the quarantine index names ${view.object}, which is gone`);
  return {
    reason,
    detail,
    metric,
    shard,
    sequence,
    sub,
    partitionKey,
    arrival: new Date(arrivalMs).toISOString(),
    data: Buffer.from(object.bytes).toString('base64'),
  };
}
