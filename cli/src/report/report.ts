import { dirname, join } from 'node:path';
import { makeFolder } from '../files/make-folder';
import { replaceFile } from '../files/write-file';
import { readPipeline } from '../load-pipeline';
import { printJson, say } from '../output';
import type { ReportFlags } from './command';
import { renderReport } from './page';
import { readReportFolder } from './read-folder';

/** See `register` for the flags. */
export async function report(flags: ReportFlags): Promise<void> {
  const pipeline =
    flags.pipeline === undefined ? null : (await readPipeline(flags.pipeline)).pipeline;
  const data = await readReportFolder(flags.in, pipeline);
  const out = flags.out ?? join(flags.in, 'report.html');
  const page = renderReport(data);
  await makeFolder(dirname(out));
  await replaceFile(out, page);
  if (flags.json === true)
    printJson({ out, bytes: Buffer.byteLength(page), series: data.series.length });
  else say(`${out}: ${data.series.length} series, ${Math.ceil(Buffer.byteLength(page) / 1024)} KB`);
}
