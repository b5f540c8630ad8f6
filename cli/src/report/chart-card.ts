import { drawChart, PLOT } from './chart';
import { type Html, html, isolated, jsonForHtml, Html as SafeHtml } from './html';
import type { ReportPoint, ReportSeries } from './report-data';

export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

const NARROW = { width: 604, height: 168 } as const;
const WIDE = { width: 1208, height: 232 } as const;

/** The id a link to this series' chart names; made of a number, as names may hold anything. */
export function chartId(index: number): string {
  return `series-${index}`;
}

/** One series: its name, what happened to it, its picture, and the numbers behind the picture. */
export function chartCard(series: ReportSeries, index: number, time: TimeSpan): Html {
  const size = series.incidents.length > 0 ? WIDE : NARROW;
  const late = series.points.reduce((sum, point) => sum + point.late, 0);
  const incidents = series.incidents.length;
  return html`<section class="chart card${incidents > 0 ? ' wide' : ''}" id="${chartId(index)}">
<header><h3>${isolated(series.metric)} <span>${isolated(series.series)}</span></h3><small>${isolated(series.field)}</small>
${late > 0 ? html`<span class="tag late">${late} applied late</span>` : null}
${incidents > 0 ? html`<span class="tag incident">${incidents} ${incidents === 1 ? 'incident' : 'incidents'}</span>` : null}
</header>
<div class="plot" role="img" aria-label="${describe(series)}">${new SafeHtml(drawChart(series, time, size, `c${index}`))}<div class="cross"></div><script type="application/json">${jsonForHtml(numbers(series, time, size))}</script></div>
</section>
`;
}

function describe({ metric, series, field, points, incidents }: ReportSeries): string {
  const found = incidents.length === 0 ? 'no incident' : `${incidents.length} incidents`;
  return `${metric} of ${series}: ${field} of ${points.length} windows, ${found}`;
}

/** Times relative to the beginning of the report; lists side by side are a third of objects. */
function numbers(
  { points, field }: ReportSeries,
  { fromMs, toMs }: TimeSpan,
  size: { readonly width: number; readonly height: number },
) {
  const list = <T>(of: (point: ReportPoint) => T) => points.map(of);
  const detected = points.some(({ expected }) => expected !== null);
  return {
    field,
    from: fromMs,
    to: toMs,
    plot: [PLOT.left, PLOT.right, PLOT.top, PLOT.bottom],
    size: [size.width, size.height],
    start: list(({ startMs }) => startMs - fromMs),
    end: list(({ endMs }) => endMs - fromMs),
    value: list(({ value }) => shorter(value)),
    low: detected ? list(({ expected }) => shorter(expected?.low ?? null)) : [],
    high: detected ? list(({ expected }) => shorter(expected?.high ?? null)) : [],
    late: points.some(({ late }) => late > 0) ? list(({ late }) => late) : [],
    anomaly: points.flatMap(({ anomaly }, at) => (anomaly ? [at] : [])),
  };
}

function shorter(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(5));
}
