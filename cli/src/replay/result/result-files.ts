import { userRecordsOf } from '@millrace/adapters/kinesis/aggregate';
import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import {
  type QuarantineLine,
  quarantineLine,
  readQuarantine,
} from '@millrace/core/results/quarantine-lines';
import { readDefinitions, readIncidents, readRows } from '@millrace/core/results/read';
import { incidentLine, rowLine } from '@millrace/core/results/view';
import { readUndelivered, type Undelivered } from '../../quarantine/undelivered';
import { atRecordedPositions } from '../faults-position';
import type { Positions } from '../faults-records';
import { type MainReason, mainReasons } from '../main-reasons';
import type { ReplayResult } from '../run-replay';
import { type FolderKind, jsonLines, writeOutputFolder } from './output-folder';

/** How many lines each file has. */
export interface Written {
  readonly rows: number;
  readonly incidents: number;
  readonly quarantine: number;
  /** Why measurements were refused or late; the most frequent first. */
  readonly refused: readonly MainReason[];
}

/** Of another command than `replay`: what its folder may hold, and what it adds to it. */
interface Extra {
  readonly kind?: FolderKind;
  readonly finish?: (fresh: string) => Promise<void>;
}

/** Reads the tables and writes what they hold; without a folder it only counts. */
export async function writeResult(
  { stores, accounting }: ReplayResult,
  pipeline: Pipeline,
  folder: string | null,
  positions: Positions | null = null,
  extra: Extra = {},
): Promise<Written> {
  const rows = await readRows(stores.results, pipeline, await readDefinitions(stores.control));
  const incidents = await readIncidents(stores.results, pipeline);
  const quarantine = atRecordedPositions(await readQuarantine(stores, userRecordsOf), positions);
  const undelivered = await readUndelivered(stores.quarantine);
  const uninvoked = undelivered.filter(({ isUninvoked }) => isUninvoked);
  if (folder !== null) {
    checkBytes(quarantine);
    const files = {
      'rows.ndjson': jsonLines(rows.map(rowLine)),
      'incidents.ndjson': jsonLines(incidents.map(incidentLine)),
      'quarantine.ndjson': jsonLines(quarantine.map(quarantineLine)),
      'accounting.json': jsonLines([accounting]),
    };
    await writeOutputFolder(folder, files, extra.kind, extra.finish);
  }
  return {
    rows: rows.length,
    incidents: incidents.length,
    quarantine: quarantine.length,
    refused: mainReasons([...quarantine, ...uninvoked.map(tooLarge)]),
  };
}

/** Counted as invalid, and in no file: the consumer never saw it. */
function tooLarge({ condition, records }: Undelivered) {
  const detail = 'more than an invocation may hold; "quarantine list" names it';
  return { reason: condition, metric: null, detail, count: records };
}

function checkBytes(lines: readonly QuarantineLine[]): void {
  const gone = lines.find(({ data }) => data === null);
  if (gone === undefined) return;
  const { shard, sequence } = gone;
  throw new Error(
    `the quarantine index names record ${sequence} of ${shard}, whose bytes are gone`,
  );
}
