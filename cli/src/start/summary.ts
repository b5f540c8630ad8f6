import type { Pipeline } from '@millrace/core/pipeline/pipeline';
import type { IncidentView, RowView } from '@millrace/core/results/view';
import { type CostEstimate, dollarsText } from '../cost-estimate/estimate';
import { grouped, type Heading } from '../output';
import { type Accounting, accountingLine, besideLine } from '../replay/accounting';
import { type MainReason, reasonLines } from '../replay/main-reasons';
import { clockText, durationText, shortNumber } from '../report/number-text';
import { fieldToDraw } from '../report/report-data';
import { textTable } from './table';

export interface Summary {
  readonly pipeline: Pipeline;
  readonly rows: readonly RowView[];
  readonly incidents: readonly IncidentView[];
  readonly accounting: Accounting;
  readonly refused: readonly MainReason[];
  readonly seconds: number;
  readonly cost: CostEstimate;
}

const SERIES_MAX = 12;
const INCIDENTS_MAX = 8;

/** What a newcomer sees: newest windows, incidents with their evidence, the sum, speed and cost. */
export function summaryLines(summary: Summary): (string | Heading)[] {
  const { accounting, seconds } = summary;
  const rate = grouped(Math.round(accounting.records / Math.max(seconds, 0.001)));
  return [
    { heading: 'Newest window of each series' },
    ...newestWindows(summary),
    '',
    { heading: `Incidents: ${summary.incidents.length}` },
    ...incidentLines(summary),
    '',
    { heading: 'Every measurement is accounted for' },
    `  ${accountingLine(accounting)}`,
    `  ${besideLine(accounting)}`,
    ...reasonLines(summary.refused).map((line) => `  ${line}`),
    '',
    { heading: 'Speed and cost' },
    `  ${grouped(accounting.records)} records in ${seconds.toFixed(1)} s: ${rate} a second on this machine`,
    ...costLines(summary.cost),
  ];
}

function newestWindows({ rows, pipeline }: Summary): readonly string[] {
  const scored = new Map(pipeline.metrics.map(({ name, detect }) => [name, detect?.on]));
  const newest = new Map<string, RowView>();
  for (const row of rows) newest.set(JSON.stringify([row.metric, row.series]), row);
  const lines = [...newest.values()].slice(0, SERIES_MAX).map((row) => {
    const field = scored.get(row.metric) ?? fieldToDraw(row.values);
    const value = field === null ? undefined : row.values[field];
    const band = row.expected;
    return [
      `  ${row.metric}`,
      row.series,
      `${clockText(row.startMs, 0)} to ${clockText(row.endMs, 0)}`,
      field ?? '',
      typeof value === 'number' ? shortNumber(value) : '',
      band === null ? '' : `${shortNumber(band.low)} to ${shortNumber(band.high)}`,
    ];
  });
  const head = ['  metric', 'series', 'window (UTC)', '', 'value', 'expected'];
  const more = newest.size - lines.length;
  return [
    ...textTable([head, ...lines], ['left', 'left', 'left', 'left', 'right', 'right']),
    ...(more > 0 ? [`  and ${grouped(more)} more series`] : []),
  ];
}

function incidentLines({ incidents }: Summary): readonly string[] {
  const shown = [...incidents].sort((a, b) => b.score - a.score).slice(0, INCIDENTS_MAX);
  const hidden = incidents.length - shown.length;
  return [
    ...shown.flatMap((incident) => {
      const { metric, series, openedMs, closedMs, expected, observed, score } = incident;
      const lasted = closedMs === null ? 'still open' : `for ${durationText(closedMs - openedMs)}`;
      const band = `${shortNumber(expected.low)} to ${shortNumber(expected.high)}`;
      return [
        `  ${incident.severity}: ${metric} of ${series} at ${clockText(openedMs, 0)}, ${lasted}`,
        `    observed ${shortNumber(observed)}, expected ${band}, score ${score.toFixed(3)}: ${incident.reason}`,
      ];
    }),
    ...(hidden > 0 ? [`  and ${grouped(hidden)} more`] : []),
  ];
}

function costLines(cost: CostEstimate): readonly string[] {
  const { records } = cost;
  const perMillion = (service: string) => {
    const items = cost.items.filter((item) => item.service === service && item.perEvent);
    const dollars = items.reduce((sum, item) => sum + item.dollars, 0);
    return records === 0 ? 0 : (dollars / records) * 1_000_000;
  };
  const parts = ['DynamoDB', 'Lambda', 'S3', 'Kinesis'].map(
    (service) => `${service} ${dollarsText(perMillion(service))}`,
  );
  return [
    `  ${dollarsText(cost.dollarsPerMillionEvents)} per million events on AWS: ${parts.join(', ')}`,
    `  at ${shortNumber(cost.recordsPerInvocation)} records per invocation: a busier stream fills its batches and costs less per event`,
    `  beside it ${dollarsText(cost.streamDollarsPerMonth)} a month for an on-demand stream; list prices of ${cost.asOf}, ${cost.region}`,
  ];
}
