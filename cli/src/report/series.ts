import type { ReportIncident, ReportPoint, ReportSeries } from './report-data';

export interface SeriesPoint {
  readonly metric: string;
  readonly series: string;
  readonly field: string;
  readonly point: ReportPoint;
}

/** Points in order of time, by metric and series as they first appear, each with its incidents. */
export function groupSeries(
  points: readonly SeriesPoint[],
  incidents: readonly ReportIncident[],
): readonly ReportSeries[] {
  const pointsOf = groupBy(points, keyOf);
  const incidentsOf = groupBy(incidents, keyOf);
  return [...pointsOf].map(([key, list]) => {
    const { metric, series, field } = list[0] as SeriesPoint;
    const own = incidentsOf.get(key) ?? [];
    return { metric, series, field, points: list.map(({ point }) => point), incidents: own };
  });
}

function keyOf(of: { readonly metric: string; readonly series: string }): string {
  return JSON.stringify([of.metric, of.series]);
}

function groupBy<T>(list: readonly T[], keyOfItem: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of list) {
    const key = keyOfItem(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
