/** What is to go wrong in a run, as data. Rates are probabilities, both ends of ranges included. */
export interface FaultPlan {
  readonly name: string;
  /** Share of the invocations that only outages, rejections and deadly records touch. */
  readonly calm: number;
  /** Faults end this long after the last record, so that every run recovers and ends. */
  readonly endAfterMs: number;
  readonly faults: readonly PlannedFault[];
  /** Names of the faults that may happen, as a run prints them; absent = all that the plan makes. */
  readonly only?: readonly string[];
}

export type Range = readonly [min: number, max: number];

export type PlannedFault =
  | CallFault
  | InvocationFault
  | TimelineFault
  | { readonly kind: 'clock'; readonly rate: number; readonly jumpMs: number }
  | { readonly kind: 'tick'; readonly lost: number; readonly doubled: number }
  | RecordFault
  | StateFault;

/** Faults of one call of a port; `port` absent = any. */
export type CallFault =
  | {
      readonly kind: 'write';
      readonly rate: number;
      readonly lands: 'never' | 'before' | 'late';
      readonly lateMs?: Range;
      readonly port?: string;
    }
  | { readonly kind: 'conflict'; readonly rate: number; readonly port?: string }
  | {
      readonly kind: 'throttle';
      readonly rate: number;
      readonly port?: string;
      /** Storms: `forMs` out of every `everyMs`; absent = always. */
      readonly everyMs?: number;
      readonly forMs?: number;
    }
  | {
      readonly kind: 'slow';
      readonly rate: number;
      readonly delayMs: Range;
      readonly port?: string;
    }
  | {
      readonly kind: 'reject';
      readonly rate: number;
      readonly port: string;
      readonly forMs: number;
    };

/** Faults of one invocation. */
export type InvocationFault =
  | { readonly kind: 'crash'; readonly rate: number; readonly at: 'start' | 'middle' | 'end' }
  | { readonly kind: 'timeout'; readonly rate: number; readonly zombie: number }
  | { readonly kind: 'cut'; readonly rate: number }
  | { readonly kind: 'redeliver'; readonly rate: number; readonly delayMs: Range }
  | { readonly kind: 'sweep'; readonly lost: number; readonly doubled: number }
  /** Kills every batch that holds the record, and it alone so many times; then it has healed. */
  | { readonly kind: 'deadly'; readonly rate: number; readonly tries: Range };

/** Faults at moments of the run. */
export type TimelineFault =
  | {
      readonly kind: 'outage';
      readonly port: string;
      readonly forMs: number;
      readonly times: number;
    }
  | {
      readonly kind: 'restart';
      readonly times: number;
      /** ParallelizationFactor after it, one of these; absent = unchanged. */
      readonly parallelization?: readonly number[];
    }
  | { readonly kind: 'second-mapping' }
  | { readonly kind: 'reshard'; readonly times: number; readonly childrenEarly?: boolean };

/** Faults of the records themselves, before the run. */
export type RecordFault =
  | { readonly kind: 'poison'; readonly rate: number }
  | { readonly kind: 'duplicate'; readonly rate: number; readonly delayMs: Range }
  /** Transforms do not return for such records; `sometimes`: share that does when tried alone. */
  | { readonly kind: 'hang'; readonly rate: number; readonly sometimes?: number }
  /** Behind that share of the records none has a partition key any more. */
  | { readonly kind: 'auto'; readonly after: number };

/** Faults of stored state. */
export type StateFault =
  | { readonly kind: 'newer-state'; readonly times: number; readonly forMs: number }
  | {
      readonly kind: 'expire-state';
      /** Share of the expired items that are removed at all; absent = all of them. */
      readonly rate?: number;
      /** How long after its time to live is over an item goes, never earlier; absent = at once. */
      readonly lateMs?: Range;
    };

export type FaultKind = PlannedFault['kind'];

/** All faults of one kind in a plan. */
export function faultsOf<K extends FaultKind>(
  plan: FaultPlan,
  kind: K,
): readonly Extract<PlannedFault, { kind: K }>[] {
  return plan.faults.filter((fault) => fault.kind === kind) as never;
}
