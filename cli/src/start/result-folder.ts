import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isoTime } from '@millrace/core/fold/key';
import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import type { RowView } from '@millrace/core/results/view';
import {
  checkOutputFolder,
  EXTRA_FILES,
  type FolderKind,
  jsonLines,
} from '../replay/result/output-folder';
import { type Written, writeResult } from '../replay/result/result-files';
import type { ReplayResult } from '../replay/run-replay';
import { renderReport } from '../report/page';
import { readReportFolder } from '../report/read-folder';
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

/** What `start` writes, and may replace. */
const START: FolderKind = {
  command: 'millrace start',
  expected: 'a new folder or one of an earlier start',
  extraFiles: EXTRA_FILES,
};

/**
 * Asked before the run, which may take minutes.
 * @throws UsageError when the folder holds a file that is not ours
 */
export async function checkStartFolder(folder: string): Promise<void> {
  await checkOutputFolder(folder, START);
}

/** What `replay --out` writes, and beside it the bands, the run itself and the report. */
export async function writeStartFolder(
  folder: string,
  result: ReplayResult,
  pipeline: Pipeline,
  extra: { readonly rows: readonly RowView[]; readonly run: ReportRun },
): Promise<Written> {
  return writeResult(result, pipeline, folder, null, {
    kind: START,
    async finish(fresh) {
      const write = (name: (typeof EXTRA_FILES)[number], content: string | Iterable<string>) =>
        writeFile(join(fresh, name), content, { flag: 'wx' });
      await write('bands.ndjson', jsonLines(bandLines(extra.rows, pipeline)));
      await write('run.json', `${JSON.stringify(extra.run)}\n`);
      await write('report.html', renderReport(await readReportFolder(fresh, pipeline)));
    },
  });
}
