import type { CostEstimate } from '../cost-estimate/estimate';
import type { Accounting } from '../replay/accounting';

/** One window as the report draws it. */
export interface ReportPoint {
  readonly startMs: number;
  readonly endMs: number;
  readonly value: number | null;
  /** The band in which the value was expected; null when it was not scored, or not written down. */
  readonly expected: { readonly low: number; readonly high: number } | null;
  /** Whether a detector judged it: not while it learns, nor where nothing is detected. */
  readonly scored: boolean;
  readonly anomaly: boolean;
  /** Measurements applied when the window's watermark had passed. */
  readonly late: number;
}

export interface ReportIncident {
  readonly metric: string;
  readonly series: string;
  readonly openedMs: number;
  readonly closedMs: number | null;
  readonly severity: string;
  readonly score: number;
  readonly observed: number;
  readonly expected: { readonly low: number; readonly high: number };
  readonly reason: string;
}

export interface ReportSeries {
  readonly metric: string;
  readonly series: string;
  /** Output field that is drawn. */
  readonly field: string;
  readonly points: readonly ReportPoint[];
  readonly incidents: readonly ReportIncident[];
}

export interface ReportQuarantine {
  readonly reason: string;
  readonly detail: string;
  readonly metric: string | null;
  readonly partitionKey: string;
  readonly arrival: string;
  /** Base64; null = the bytes are gone. */
  readonly data: string | null;
  /** Measurements; absent = 1. */
  readonly count?: number;
}

/** How the run went; absent when only its results are known. */
export interface ReportRun {
  readonly recording: string;
  readonly records: number;
  readonly seconds: number;
  readonly cost: CostEstimate | null;
}

export interface ReportData {
  readonly title: string;
  readonly series: readonly ReportSeries[];
  readonly incidents: readonly ReportIncident[];
  readonly quarantine: readonly ReportQuarantine[];
  readonly accounting: Accounting;
  readonly run: ReportRun | null;
}

/** The field to draw when nobody said which is scored: the mean, or what comes first. */
export function fieldToDraw(values: Readonly<Record<string, unknown>>): string | null {
  if (typeof values.mean === 'number') return 'mean';
  const numeric = Object.entries(values).find(([, value]) => typeof value === 'number');
  return numeric?.[0] ?? null;
}
