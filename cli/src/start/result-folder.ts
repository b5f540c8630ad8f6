import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isoTime } from '@millrace/core/fold/key';
import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import type { RowView } from '@millrace/core/results/view';
import { isSystemError, UsageError } from '../exit';
import { jsonLines, OUTPUT_FILES } from '../replay/result/output-folder';
import { writeResult } from '../replay/result/result-files';
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

const EXTRA_FILES: readonly string[] = ['bands.ndjson', 'run.json', 'report.html'];

/**
 * Empties a folder of what an earlier run left there, and of nothing else.
 * @throws UsageError when it holds a file that is not ours
 */
export async function clearStartFolder(folder: string): Promise<void> {
  const ours: readonly string[] = [...OUTPUT_FILES, ...EXTRA_FILES];
  const names = await readdir(folder).catch((error: unknown) => {
    if (isSystemError(error) && error.code === 'ENOENT') return [];
    throw error;
  });
  const foreign = names.find((name) => !ours.includes(name));
  if (foreign !== undefined) {
    const problem = `expected a new folder or one of an earlier start, got ${folder} with ${JSON.stringify(foreign)} in it`;
    throw new UsageError(`millrace start: --out: ${problem}`);
  }
  for (const name of names) await rm(join(folder, name));
}

/** What `replay --out` writes, and beside it the bands and the run itself. */
export async function writeStartFolder(
  folder: string,
  result: ReplayResult,
  pipeline: Pipeline,
  extra: { readonly rows: readonly RowView[]; readonly run: ReportRun },
): Promise<void> {
  await writeResult(result, pipeline, folder);
  await writeFile(join(folder, 'bands.ndjson'), jsonLines(bandLines(extra.rows, pipeline)));
  await writeFile(join(folder, 'run.json'), `${JSON.stringify(extra.run)}\n`);
}
