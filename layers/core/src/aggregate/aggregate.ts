import type { AggregateSpec, Scalar } from '../pipeline/pipeline';
import type { AggregateInput } from '../record/record';

/** What a row shows for one aggregate. `null` where nothing was seen (the mean of no values). */
export type AggregateValue = Scalar | null | readonly TopEntry[];

export interface TopEntry {
  readonly value: Scalar;
  readonly count: number;
  /** The true count lies in [count - error, count]. */
  readonly error: number;
}

/** Mutable state of all aggregates of one window. Opaque: made and read by its plan. */
export interface WindowAggregate {
  readonly cells: unknown[];
}

/** Plain JSON, versioned inside. Compact: it is paid for at every state write. */
export type EncodedAggregate = readonly unknown[];

/**
 * The aggregates of one metric, compiled once. The one set that windows, map-reduce jobs and log
 * counts share: mergeable, serialisable, versioned.
 */
export interface AggregatePlan {
  create(): WindowAggregate;
  /**
   * Adds one measurement. Answers false, with `window` unchanged, when a result would not be finite.
   * `eventMs` orders `first` and `last`; calls come in order of arrival, which breaks ties.
   */
  add(window: WindowAggregate, inputs: readonly AggregateInput[], eventMs: number): boolean;
  /** A new aggregate as if all of `a`'s and then all of `b`'s measurements had been added. */
  merge(a: WindowAggregate, b: WindowAggregate): WindowAggregate;
  /** Every aggregate by its output name, in the order of the metric's list. */
  results(window: WindowAggregate, windowMs: number): Record<string, AggregateValue>;
  encode(window: WindowAggregate): EncodedAggregate;
  /** Throws `NewerStateError` when newer code wrote it. */
  decode(encoded: EncodedAggregate): WindowAggregate;
  /** Upper estimate of the encoded size, in bytes, in constant time. */
  bytes(window: WindowAggregate): number;
  /** The largest `bytes` any window of this plan can reach. */
  readonly bytesMax: number;
}

export interface PlanOptions {
  /** Aggregates of numbers also take strings that are exactly a JSON number. */
  readonly coerce?: boolean;
}

export type PlanAggregates = (
  specs: readonly AggregateSpec[],
  options?: PlanOptions,
) => AggregatePlan;
