import { dollarsText } from '../cost-estimate/estimate';
import { grouped } from '../output';
import { missing } from '../replay/accounting';
import { refusedVerdict } from '../replay/main-reasons';
import { chartCard, chartId, type TimeSpan } from './chart-card';
import { costSection } from './cost-section';
import { Html, html, isolated } from './html';
import { incidentSection } from './incident-section';
import { durationText, momentText } from './number-text';
import { quarantineSection } from './quarantine-section';
import type { ReportData, ReportPoint, ReportSeries } from './report-data';
import { SCRIPT } from './script';
import { STYLE } from './style';

/** More pictures than this make a page nobody reads; those with incidents come first. */
export const CHARTS_MAX = 60;

/** The whole report as one file: no network, no fonts, complete without its script. */
export function renderReport(data: ReportData): string {
  const shown = chooseSeries(data.series);
  const time = timeSpan(data.series);
  const anchors = new Map(shown.map((series, index) => [seriesKey(series), chartId(index)]));
  const anchorOf = (of: { metric: string; series: string }) => anchors.get(seriesKey(of)) ?? null;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${data.title} · Millrace</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<p class="brand"><b>Millrace</b> report</p>
<h1>${isolated(data.title)}</h1>
<p class="lead">${lead(data, time)}</p>
${accounting(data)}
${facts(data)}
${incidentSection(data.incidents, anchorOf, time, count(data.series, isScored))}
${charts(data.series, shown, time)}
${quarantineSection(data.quarantine)}
${costSection(data.run)}
<footer>All times are UTC.${count(data.series, hasBand) > 0 ? ' Bands are what the detector expected before it saw the window.' : null}</footer>
</main>
<div id="tip"></div>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`.text;
}

function lead(data: ReportData, time: TimeSpan): string {
  if (data.series.length === 0) return 'No window was published.';
  const span = durationText(time.toMs - time.fromMs);
  return `${momentText(time.fromMs)} to ${momentText(time.toMs)} UTC, ${span}`;
}

/** The sum that has to be right: what came in is what was applied, refused or set aside. */
function accounting({ accounting: counts }: ReportData): Html {
  const lost = missing(counts);
  const refused = refusedVerdict(counts);
  const right = [
    ['applied', counts.applied, ''],
    ['late', counts.late, counts.late > 0 ? 'is-late' : ''],
    ['duplicate', counts.duplicate, ''],
    ['invalid', counts.invalid, counts.invalid > 0 ? 'is-invalid' : ''],
    ['unmatched', counts.unmatched, ''],
  ] as const;
  const terms = right.filter(([name, count]) => count !== 0 || name !== 'unmatched');
  const verdict =
    refused !== null && lost === 0
      ? html`<div class="verdict bad"><b>✕ Refused</b><span>it adds up, but ${refused}</span></div>`
      : lost === 0
        ? html`<div class="verdict good"><b>✓ Adds up</b><span>every measurement is accounted for</span></div>`
        : html`<div class="verdict bad"><b>✕ ${grouped(Math.abs(lost))} ${lost > 0 ? 'missing' : 'too many'}</b><span>the two sides differ</span></div>`;
  return html`<section class="sum card">
<div><b>${grouped(counts.in)}</b><span>measurements in</span></div><i>=</i>
${terms.map(
  ([name, count, kind], index) =>
    html`${index > 0 ? html`<i>+</i>` : null}<div class="${kind}"><b>${grouped(count)}</b><span>${name}</span></div>`,
)}
${verdict}
</section>`;
}

function facts({ series, incidents, accounting: counts, run }: ReportData): Html {
  const windows = series.reduce((sum, { points }) => sum + points.length, 0);
  const list: (readonly [string, string])[] = [
    [grouped(windows), `windows of ${grouped(series.length)} series`],
    [grouped(incidents.length), incidents.length === 1 ? 'incident' : 'incidents'],
    [grouped(counts.revised), 'revisions of published windows'],
  ];
  if (counts.dedupeOverflow > 0) {
    list.push([grouped(counts.dedupeOverflow), 'records whose window had forgotten dedupe keys']);
  }
  if (run !== null) {
    const rate = grouped(Math.round(run.records / Math.max(run.seconds, 0.001)));
    list.push([`${rate}/s`, `${grouped(run.records)} records in ${run.seconds.toFixed(1)} s here`]);
    if (run.cost !== null) {
      const dollars = dollarsText(run.cost.processingPerMillionEvents);
      list.push([dollars, 'per million events on AWS, stream not counted']);
    }
  }
  return html`<section class="facts">${list.map(
    ([value, label]) => html`<div class="card"><b>${value}</b><span>${label}</span></div>`,
  )}</section>`;
}

const isScored = ({ scored }: ReportPoint) => scored;
const hasBand = ({ expected }: ReportPoint) => expected !== null;

function count(series: readonly ReportSeries[], which: (point: ReportPoint) => boolean): number {
  return series.reduce((sum, { points }) => sum + points.filter(which).length, 0);
}

function charts(
  all: readonly ReportSeries[],
  shown: readonly ReportSeries[],
  time: TimeSpan,
): Html | null {
  if (shown.length === 0) return null;
  const hidden = all.length - shown.length;
  const bands = count(all, hasBand);
  const note = hidden > 0 ? `${grouped(hidden)} more are in rows.ndjson` : null;
  return html`<h2>Series<small>${note}</small></h2>
<div class="legend">
<span class="l-line" style="--c:var(--line)">value of the window</span>${bands > 0 ? html`<span style="--c:var(--band)">expected</span>` : null}
<span class="l-dot" style="--c:var(--incident)">anomaly</span><span style="--c:var(--incident-area)">incident</span>
<span class="l-late" style="--c:var(--late)">window with late data</span></div>
${bands === 0 && count(all, isScored) > 0 ? NO_BANDS : null}
<div class="charts">${shown.map((series, index) => chartCard(series, index, time))}</div>`;
}

/** Rows hold the score of a window, and not the band it was judged by. */
const NO_BANDS = html`<p class="note">The expected bands are not in this folder: <code>millrace replay</code> writes results only. <code>millrace start RECORDING --pipeline FILE --out DIR</code> writes the bands, the cost and this report.</p>`;

/** What needs a look comes first: the gravest incident, then late data, then the order of the rows. */
function chooseSeries(series: readonly ReportSeries[]): readonly ReportSeries[] {
  const gravest = ({ incidents }: ReportSeries) =>
    incidents.reduce((most, { score }) => Math.max(most, score), 0);
  const late = ({ points }: ReportSeries) => Number(points.some((point) => point.late > 0));
  return [...series]
    .sort((a, b) => gravest(b) - gravest(a) || late(b) - late(a))
    .slice(0, CHARTS_MAX);
}

function seriesKey({ metric, series }: { metric: string; series: string }): string {
  return JSON.stringify([metric, series]);
}

function timeSpan(series: readonly ReportSeries[]): TimeSpan {
  let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { points } of series) {
    for (const { startMs, endMs } of points) {
      fromMs = Math.min(fromMs, startMs);
      toMs = Math.max(toMs, endMs);
    }
  }
  return fromMs <= toMs ? { fromMs, toMs } : { fromMs: 0, toMs: 0 };
}
