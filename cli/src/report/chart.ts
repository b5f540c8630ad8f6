import type { EChartsCoreOption } from 'echarts';
import * as bundle from 'echarts/dist/echarts.common.min.js';
import { shortNumber } from './number-text';
import type { ReportPoint, ReportSeries } from './report-data';
import { tickText, timeTicks } from './time-axis';

/** The bundle is CommonJS: its exports are the default export in Node, and the module in a bundler. */
const echarts = (bundle as { default?: typeof bundle }).default ?? bundle;

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** Where the plot lies within the picture, in its pixels: the page's script needs it for the pointer. */
export const PLOT = { left: 46, right: 10, top: 10, bottom: 22 } as const;

const FONT_SIZE = 11;
const FONT = { fontFamily: 'system-ui', fontSize: FONT_SIZE, color: 'var(--muted)' } as const;
/** A label of the time axis needs about this much room. */
const TICK_WIDTH = 84;

type Cell = readonly [timeMs: number, value: number | null];

/**
 * Draws one series as SVG text: line, expected band, anomalies, late data, incidents. Colours are CSS
 * variables of the page, so that the same picture is right in the light and in the dark. `id` is the
 * picture's own within the page.
 */
export function drawChart(
  series: ReportSeries,
  time: { readonly fromMs: number; readonly toMs: number },
  size: ChartSize,
  id: string,
): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption(options(series, time, size));
    return cleaned(chart.renderToSVGString(), size, id);
  } finally {
    chart.dispose(); // Its timers would keep the process alive.
  }
}

function options(
  { points, incidents }: ReportSeries,
  time: { readonly fromMs: number; readonly toMs: number },
  size: ChartSize,
): EChartsCoreOption {
  const ticks = timeTicks(time.fromMs, time.toMs, Math.floor(size.width / TICK_WIDTH));
  const label = (ms: number) => tickText(ms, time.toMs - time.fromMs);
  const bandOf = drawnBand(points);
  const quiet = { silent: true, animation: false, emphasis: { disabled: true } };
  const line = { ...quiet, type: 'line', symbol: 'none', connectNulls: false };
  const band = { ...line, stack: 'band', stackStrategy: 'all', lineStyle: { opacity: 0 } };
  return {
    animation: false,
    useUTC: true,
    textStyle: FONT,
    grid: { ...PLOT, containLabel: false },
    xAxis: {
      type: 'time',
      min: time.fromMs,
      max: time.toMs,
      silent: true,
      axisLine: { lineStyle: { color: 'var(--axis)' } },
      axisTick: { show: false },
      axisLabel: { ...FONT, customValues: ticks, formatter: label, margin: 7 },
    },
    yAxis: [
      {
        type: 'value',
        scale: true,
        silent: true,
        splitNumber: 3,
        axisLabel: { ...FONT, formatter: shortNumber },
        splitLine: { lineStyle: { color: 'var(--grid)' } },
      },
      { type: 'value', show: false, min: 0, max: 1 },
    ],
    series: [
      { ...band, data: cells(points, (point) => bandOf(point)?.low ?? null) },
      {
        ...band,
        areaStyle: { color: 'var(--band)', opacity: 1 },
        data: cells(points, (point) => {
          const drawn = bandOf(point);
          return drawn === null ? null : drawn.high - drawn.low;
        }),
      },
      {
        ...line,
        lineStyle: { color: 'var(--line)', width: 1.4, join: 'round' },
        data: cells(points, ({ value }) => value),
        markArea: {
          silent: true,
          itemStyle: { color: 'var(--incident-area)' },
          data: incidents.map(({ openedMs, closedMs }) => [
            { xAxis: openedMs },
            { xAxis: closedMs ?? time.toMs },
          ]),
        },
      },
      {
        ...quiet,
        type: 'scatter',
        symbolSize: 3,
        itemStyle: { color: 'var(--line)', opacity: 1 },
        data: lonely(points),
      },
      {
        ...quiet,
        type: 'scatter',
        symbolSize: 6,
        itemStyle: { color: 'var(--incident)', opacity: 1 },
        data: marks(points, ({ anomaly }) => anomaly),
      },
      {
        ...quiet,
        type: 'scatter',
        yAxisIndex: 1,
        symbol: 'triangle',
        symbolSize: [6, 5],
        itemStyle: { color: 'var(--late)', opacity: 1 },
        data: points.filter(({ late }) => late > 0).map((point) => [middle(point), 0.025]),
      },
    ],
  };
}

/**
 * The band as it is drawn: cut where it would flatten the line into the axis. A band below zero says
 * nothing of a value that never is, and one far above all values only says that little is known yet.
 */
function drawnBand(points: readonly ReportPoint[]) {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const room = Math.max(high - low, Math.abs(high) * 0.05) / 2;
  const floor = low >= 0 ? Math.max(0, low - room) : low - room;
  const within = (value: number) => Math.min(high + room, Math.max(floor, value));
  return ({ expected }: ReportPoint) =>
    expected === null ? null : { low: within(expected.low), high: within(expected.high) };
}

function middle({ startMs, endMs }: ReportPoint): number {
  return (startMs + endMs) / 2;
}

/** One cell per window, and an empty one where windows are missing, so that the line breaks there. */
function cells(
  points: readonly ReportPoint[],
  pick: (point: ReportPoint) => number | null,
): readonly Cell[] {
  const drawn: Cell[] = [];
  let lastEndMs = Number.POSITIVE_INFINITY;
  for (const point of points) {
    if (point.startMs > lastEndMs) drawn.push([lastEndMs, null]);
    drawn.push([middle(point), pick(point)]);
    lastEndMs = point.endMs;
  }
  return drawn;
}

/** Windows without a neighbour on either side: a line has nothing to show of them. */
function lonely(points: readonly ReportPoint[]): readonly Cell[] {
  const touches = (a: ReportPoint | undefined, b: ReportPoint | undefined) =>
    a !== undefined && b !== undefined && a.endMs >= b.startMs;
  return points.flatMap((point, index) =>
    touches(points[index - 1], point) || touches(point, points[index + 1])
      ? []
      : [[middle(point), point.value] as const],
  );
}

function marks(
  points: readonly ReportPoint[],
  isMarked: (point: ReportPoint) => boolean,
): readonly Cell[] {
  return points.filter(isMarked).map((point) => [middle(point), point.value]);
}

/** Fluid size, the page's own font, and nothing that only a live chart would need. */
function cleaned(svg: string, { width, height }: ChartSize, id: string): string {
  return svg
    .replace(`width="${width}" height="${height}"`, 'aria-hidden="true"')
    .replace(/<rect [^>]*fill="none"><\/rect>\n?/, '')
    .replace(/<style ?>[\s\S]*?<\/style>/g, '')
    .replace(/ class="zr\d+-cls-\d+"/g, '')
    .replace(/ pointer-events="[a-z]+"/g, '')
    .replace(/\bzr\d+-/g, `${id}-`)
    .replace(/ ecmeta_[a-z_]+="[^"]*"/g, '')
    .replace(/ style="font[^"]*"/g, ` font-size="${FONT_SIZE}"`);
}
