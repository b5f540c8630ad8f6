import type { AggregateValue } from '../aggregate/aggregate';
import { isoTime } from '../fold/key';
import type { IncidentOutput, IncidentPhase, RowOutput } from '../fold/state';

/** One window of one series, its parts merged: what a reader of the results sees. Times in epoch ms. */
export interface RowView extends Omit<RowOutput, 'def' | 'dn' | 'epoch' | 'aggregate'> {
  readonly metric: string;
  readonly series: string;
  readonly values: Readonly<Record<string, AggregateValue>>;
}

/** An incident in its last state. */
export interface IncidentView extends Omit<IncidentOutput, 'windowMs' | 'phase'> {
  readonly metric: string;
  readonly series: string;
  readonly detector: string;
  readonly state: IncidentPhase;
}

export interface AccountingView {
  readonly applied: number;
  readonly late: number;
  readonly duplicate: number;
  readonly invalid: number;
  readonly unmatched: number;
  readonly revised: number;
  readonly dedupeOverflow: number;
  /** States whose counters cannot be read: what they counted is in no other number. Absent = none. */
  readonly undecodable?: number;
}

/** A line of `rows.ndjson`: docs/reference/cli.md. */
export function rowLine(row: RowView): Record<string, unknown> {
  return {
    metric: row.metric,
    series: row.series,
    start: isoTime(row.startMs),
    end: isoTime(row.endMs),
    rev: row.rev,
    late: row.late,
    ...row.values,
    score: row.score,
    anomaly: row.anomaly,
  };
}

/** A line of `incidents.ndjson`. */
export function incidentLine(incident: IncidentView): Record<string, unknown> {
  const { openedMs, closedMs, severity, score, observed, expected, reason, ...head } = incident;
  return {
    ...head,
    opened: isoTime(openedMs),
    closed: closedMs === null ? null : isoTime(closedMs),
    severity,
    score,
    observed,
    expected,
    reason,
  };
}
