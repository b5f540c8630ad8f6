import { PoisonError } from '@millrace/core/error';
import { newState } from '@millrace/core/fold/codec';
import { type Definition, defineMetric } from '@millrace/core/fold/definition';
import { type FoldOutcome, fold } from '@millrace/core/fold/fold';
import { stateKey } from '@millrace/core/fold/key';
import { noOutputs } from '@millrace/core/fold/output';
import type { SeriesState } from '@millrace/core/fold/state';
import { windowStart } from '@millrace/core/fold/window';
import type { Metric } from '@millrace/core/pipeline/pipeline';
import type { KeyValueStore } from '@millrace/core/port';
import type { Measurement } from '@millrace/core/record/record';
import { decodeState } from '@millrace/core/stored/decode-state';

/** What folding a measurement would come to; `refused` when the fold cannot take it. */
export interface Verdict {
  readonly outcome: FoldOutcome | 'refused';
  readonly detail: string;
}

/** `StateTtlDays` unless a stack sets another: after it a series starts anew. */
const STATE_TTL_MS = 7 * 86_400_000;
/** States that are kept while a run goes on; the oldest is read again when it is needed again. */
const STATES_MAX = 2_000;

/**
 * The states as the records that a run puts will find them: read once, then folded on by the code of the
 * consumer itself. Nothing is written. What arrives meanwhile from elsewhere is not known.
 */
export class TrialStates {
  readonly #states = new Map<string, SeriesState>();
  readonly #definitions = new Map<Metric, Definition>();

  /** Begins one record; what its measurements do is dropped unless the record is kept. */
  begin(store: KeyValueStore, partitionKey: string, nowMs: number): RecordTrial {
    return new RecordTrial(this, store, partitionKey, nowMs);
  }

  /** Definitions of the run are newer than any that a state knows: they are about to be deployed, or are. */
  definitionOf(metric: Metric): Definition {
    const known = this.#definitions.get(metric);
    if (known !== undefined) return known;
    const definition = defineMetric(metric, STATE_TTL_MS, Number.MAX_SAFE_INTEGER);
    this.#definitions.set(metric, definition);
    return definition;
  }

  get(name: string): SeriesState | undefined {
    return this.#states.get(name);
  }

  set(name: string, state: SeriesState): void {
    this.#states.delete(name);
    this.#states.set(name, state);
    if (this.#states.size <= STATES_MAX) return;
    for (const oldest of this.#states.keys()) {
      this.#states.delete(oldest);
      return;
    }
  }
}

/** All measurements of one record, in their order: each meets what those before it left. */
export class RecordTrial {
  readonly #states: TrialStates;
  readonly #store: KeyValueStore;
  readonly #partitionKey: string;
  readonly #nowMs: number;
  readonly #drafts = new Map<string, SeriesState>();

  constructor(states: TrialStates, store: KeyValueStore, partitionKey: string, nowMs: number) {
    this.#states = states;
    this.#store = store;
    this.#partitionKey = partitionKey;
    this.#nowMs = nowMs;
  }

  async fold(measurement: Measurement): Promise<Verdict> {
    const { metric, series } = measurement;
    const key = { metric: metric.name, partitionKey: this.#partitionKey, series };
    const definition = this.#states.definitionOf(metric);
    const { pk, sk } = stateKey(key);
    const name = `${pk} ${sk}`;
    const state = await this.#draftOf(name, { pk, sk }, definition);
    if (state instanceof Error) {
      return { outcome: 'refused', detail: `its state cannot be read: ${state.message}` };
    }
    // Read before the fold, which may let go of the border's windows.
    const before = borderOf(measurement, state);
    try {
      const outcome = fold(
        { definition, key, state, outputs: noOutputs() },
        measurement,
        this.#nowMs,
      );
      return { outcome, detail: outcome === 'late' ? before : outcome };
    } catch (error) {
      if (!(error instanceof PoisonError)) throw error;
      return { outcome: 'refused', detail: `fold: ${error.message}` };
    }
  }

  /** The record is put: those after it meet what it leaves. */
  keep(): void {
    for (const [name, state] of this.#drafts) this.#states.set(name, state);
  }

  async #draftOf(
    name: string,
    key: { readonly pk: string; readonly sk: string },
    definition: Definition,
  ): Promise<SeriesState | Error> {
    const draft = this.#drafts.get(name) ?? structuredClone(this.#states.get(name));
    if (draft !== undefined) {
      this.#drafts.set(name, draft);
      return draft;
    }
    const [item] = await this.#store.getMany([key]);
    try {
      const state = item === undefined ? newState() : decodeState(item, definition);
      this.#drafts.set(name, state);
      return state;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

/** Why a measurement would be late: an old window, or one that began under another definition. */
function borderOf({ metric, eventMs }: Measurement, { floorMs, epoch }: SeriesState): string {
  const isBefore = floorMs !== null && windowStart(eventMs, metric) < floorMs;
  return isBefore && epoch > 0
    ? 'its window began before the definition of the metric changed, and is closed for good'
    : 'the window and its lateness are over';
}
