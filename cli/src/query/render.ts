import type { AggregateValue } from '@millrace/core/aggregate/aggregate';
import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import type { IncidentView, RowView } from '@millrace/core/results/view';
import { printable } from '@millrace/core/text/printable';
import { momentText, shortNumber } from '../report/number-text';
import { sparkline } from './sparkline';

/** Bars of a sparkline: what fits beside a name on a terminal of 80 columns. */
const BARS_MAX = 48;
const TEXT_CHARACTERS_MAX = 24;

/** For each series its name and a sparkline, then a table of its newest windows. */
export function rowLines(
  rows: readonly RowView[],
  pipeline: Pipeline,
  tableRowsMax: number,
): string[] {
  const lines: string[] = [];
  for (const ofSeries of bySeries(rows)) {
    const { metric, series } = ofSeries[0] as RowView;
    const field = drawnField(ofSeries, metric, pipeline);
    if (lines.length > 0) lines.push('');
    lines.push(`${short(metric)} of ${short(series)}`);
    if (field !== null) {
      const values = ofSeries.slice(-BARS_MAX).map((row) => numberOf(row.values[field]));
      lines.push(`  ${sparkline(values)} ${field}`);
    }
    lines.push(...tableOf(ofSeries.slice(-tableRowsMax)).map((line) => `  ${line}`));
  }
  return lines;
}

function bySeries(rows: readonly RowView[]): Iterable<readonly RowView[]> {
  const groups = new Map<string, RowView[]>();
  for (const row of rows) {
    const name = JSON.stringify([row.metric, row.series]);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return groups.values();
}

/** One line of a series for `--follow`. */
export function rowText(row: RowView): string {
  const values = Object.entries(row.values).map(([name, value]) => `${name} ${cell(value)}`);
  const flags = [row.rev > 1 ? `rev ${row.rev}` : '', row.anomaly ? 'ANOMALY' : ''];
  return [
    momentText(row.startMs),
    `${short(row.metric)} of ${short(row.series)}`,
    ...values,
    ...flags.filter((flag) => flag !== ''),
  ].join('  ');
}

export function incidentLines(incidents: readonly IncidentView[]): string[] {
  return columns(
    ['opened', 'closed', 'severity', 'state', 'metric', 'series', 'observed', 'expected'],
    incidents.map((incident) => [
      momentText(incident.openedMs),
      incident.closedMs === null ? '-' : momentText(incident.closedMs),
      incident.severity,
      incident.state,
      short(incident.metric),
      short(incident.series),
      shortNumber(incident.observed),
      `${shortNumber(incident.expected.low)} to ${shortNumber(incident.expected.high)}`,
    ]),
  );
}

/** What the detector looks at, or else the first field that is a number. */
function drawnField(rows: readonly RowView[], metric: string, pipeline: Pipeline): string | null {
  const on = pipeline.metrics.find(({ name }) => name === metric)?.detect?.on;
  // How many there were is the least of what the others say.
  const fields = Object.keys(rows.at(-1)?.values ?? {});
  const isDrawn = (field: string) => rows.some((row) => numberOf(row.values[field]) !== null);
  const others = fields.filter((field) => field !== 'count');
  return [...(on === undefined ? [] : [on]), ...others, 'count'].find(isDrawn) ?? null;
}

function tableOf(rows: readonly RowView[]): string[] {
  const fields = [...new Set(rows.flatMap((row) => Object.keys(row.values)))];
  return columns(
    ['start', ...fields, 'rev', 'late', 'score', ''],
    rows.map((row) => [
      momentText(row.startMs),
      ...fields.map((field) => cell(row.values[field])),
      String(row.rev),
      String(row.late),
      row.score === null ? '-' : shortNumber(row.score),
      row.anomaly ? 'ANOMALY' : '',
    ]),
  );
}

function cell(value: AggregateValue | undefined): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'number') return shortNumber(value);
  if (typeof value !== 'object') return short(String(value));
  const [first] = value;
  return first === undefined ? '-' : short(`${first.value} (${first.count})`);
}

function numberOf(value: AggregateValue | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function columns(head: readonly string[], body: readonly (readonly string[])[]): string[] {
  const table = [head, ...body].map((row) => row.map(printable));
  const widths = head.map((_, at) => Math.max(...table.map((row) => [...(row[at] ?? '')].length)));
  return table.map((row) =>
    row
      .map((text, at) => text + ' '.repeat((widths[at] ?? 0) - [...text].length))
      .join('  ')
      .trimEnd(),
  );
}

/** Names come from data: none of them may move a terminal's cursor or run over the line. */
function short(text: string): string {
  // A name may be a megabyte long; an escape takes at most six characters for one.
  const plain = printable(text.slice(0, 2 * TEXT_CHARACTERS_MAX));
  const characters = [...plain];
  if (characters.length <= TEXT_CHARACTERS_MAX) return plain;
  return `${characters.slice(0, TEXT_CHARACTERS_MAX - 1).join('')}…`;
}
