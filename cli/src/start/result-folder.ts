import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isoTime } from '@millrace/core/fold/key';
import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import type { RowView } from '@millrace/core/results/view';
import { jsonLines } from '../replay/output-folder';
import { writeResult } from '../replay/result-files';
import type { ReplayResult } from '../replay/run-replay';
import type { ReportRun } from '../report/report-data';

/** Bands are no part of a row's interface: they stand beside it, one line per scored window. */
function bandLines(rows: readonly RowView[], pipeline: Pipeline): readonly object[] {
  const scored = new Map(pipeline.metrics.map(({ name, detect }) => [name, detect?.on ?? null]));
  return rows.flatMap(({ metric, series, startMs, expected }) =>
    expected === null
      ? []
      : [{ metric, series, start: isoTime(startMs), on: scored.get(metric), ...expected }],
  );
}

/** Replaces the folder of the run before: what `replay --out` writes, the bands and the run itself. */
export async function writeStartFolder(
  folder: string,
  result: ReplayResult,
  pipeline: Pipeline,
  extra: { readonly rows: readonly RowView[]; readonly run: ReportRun },
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await writeResult(result, pipeline, folder);
  await writeFile(join(folder, 'bands.ndjson'), jsonLines(bandLines(extra.rows, pipeline)));
  await writeFile(join(folder, 'run.json'), `${JSON.stringify(extra.run)}\n`);
}
