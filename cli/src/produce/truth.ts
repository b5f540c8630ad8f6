import type { AnomalyKind } from './anomaly';
import type { ProduceOptions, ProduceWindows } from './plan';

/** Where a record ended up; `id` is the record's own. */
export interface TruthRecord {
  readonly id: string;
  readonly series: string;
  readonly eventMs: number;
  readonly arrivalMs: number;
  readonly shard: string;
  readonly sequence: string;
}

/** What is in a produced recording, known before any consumer has seen it. Times ISO 8601. */
export interface Truth {
  readonly v: 1;
  readonly options: ProduceOptions;
  /** Under a pipeline with these settings (the one beside the recording), `expected` holds exactly. */
  readonly windows: ProduceWindows;
  readonly expected: {
    readonly records: number;
    readonly in: number;
    readonly applied: number;
    readonly late: number;
    readonly duplicate: number;
    readonly invalid: number;
    readonly unmatched: number;
  };
  readonly anomalies: readonly {
    readonly kind: AnomalyKind;
    readonly series: string;
    readonly from: string;
    readonly to: string;
    /** Signed, in standard deviations of the series' noise; 0 where the kind has no size. */
    readonly size: number;
  }[];
  readonly late: readonly TruthRecord[];
  /** The second copies. */
  readonly duplicates: readonly TruthRecord[];
  readonly poison: readonly (TruthRecord & { readonly kind: string; readonly reason: string })[];
  /** How many samples arrive after a later one of their series, the late ones not counted. */
  readonly outOfOrder: number;
}
