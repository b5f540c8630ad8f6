import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseJson } from '@millrace/core/json/parse-json';
import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import { isSystemError, UsageError } from '../exit';
import { kindOf } from '../files/link';
import type { Accounting } from '../replay/accounting';
import {
  fieldToDraw,
  type ReportData,
  type ReportIncident,
  type ReportPoint,
  type ReportQuarantine,
  type ReportRun,
} from './report-data';
import { groupSeries, type SeriesPoint } from './series';

type Line = Readonly<Record<string, unknown>>;

/**
 * Reads what `replay --out` or `start` left in a folder. `bands.ndjson` and `run.json` may be missing:
 * then no band is drawn and nothing is said of the run.
 * @param pipeline says which field of a metric is scored; null = the mean, or the first number
 */
export async function readReportFolder(
  folder: string,
  pipeline: Pipeline | null,
): Promise<ReportData> {
  const rows = await readLines(folder, 'rows.ndjson', true);
  const incidents = (await readLines(folder, 'incidents.ndjson', true)).map(toIncident);
  const quarantine = await readLines(folder, 'quarantine.ndjson', true);
  const [accounting] = await readLines(folder, 'accounting.json', true);
  const [run] = await readLines(folder, 'run.json', false);
  const bands = new Map(
    (await readLines(folder, 'bands.ndjson', false)).map((band) => [rowKey(band), band]),
  );
  const scored = new Map(pipeline?.metrics.map(({ name, detect }) => [name, detect?.on]));
  const points = rows.flatMap((row) =>
    toPoint(row, bands.get(rowKey(row)), scored.get(String(row.metric))),
  );
  const title = (run as ReportRun | undefined)?.recording ?? basename(resolve(folder));
  return {
    title: basename(title),
    series: groupSeries(points, incidents),
    incidents,
    quarantine: quarantine as unknown as readonly ReportQuarantine[],
    accounting: accounting as unknown as Accounting,
    run: (run as unknown as ReportRun | undefined) ?? null,
  };
}

async function readLines(
  folder: string,
  name: string,
  required: boolean,
): Promise<readonly Line[]> {
  const path = join(folder, name);
  kindOf(path);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const missing = isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
    if (!missing) throw error;
    if (!required) return [];
    throw new UsageError(`${path}: expected a result of millrace replay --out, got no such file`);
  }
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line, index) => {
    try {
      const value: unknown = parseJson(line);
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        return value as Line;
    } catch {
      // The same complaint as for JSON that is no object.
    }
    throw new UsageError(`${path}: line ${index + 1}: expected a JSON object`);
  });
}

function rowKey({ metric, series, start }: Line): string {
  return JSON.stringify([metric, series, start]);
}

function toPoint(
  row: Line,
  band: Line | undefined,
  scored: string | undefined,
): readonly SeriesPoint[] {
  const { metric, series, start, end, rev: _rev, late, score, anomaly, ...values } = row;
  const field = scored ?? fieldToDraw(values);
  if (field === null) return [];
  const value = values[field];
  const point: ReportPoint = {
    startMs: Date.parse(String(start)),
    endMs: Date.parse(String(end)),
    value: typeof value === 'number' ? value : null,
    expected: band === undefined ? null : { low: Number(band.low), high: Number(band.high) },
    scored: typeof score === 'number',
    anomaly: anomaly === true,
    late: Number(late),
  };
  return [{ metric: String(metric), series: String(series), field, point }];
}

function toIncident(line: Line): ReportIncident {
  const { opened, closed, ...rest } = line;
  return {
    ...(rest as unknown as ReportIncident),
    openedMs: Date.parse(String(opened)),
    closedMs: closed === null ? null : Date.parse(String(closed)),
  };
}
