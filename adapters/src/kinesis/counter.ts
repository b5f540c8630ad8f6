import type { Pipeline, Transforms } from '@millrace/core/pipeline/pipeline';
import { hasTransforms, RecordTime } from '@millrace/core/record/expand-within';
import {
  type TimeLimit,
  TimeLimitError,
  TRANSFORMS_BATCH_MS_MAX,
} from '@millrace/core/record/time-limit';
import { type CountedRecord, countMeasurements, type Note } from './count';

/** As many records as a batch has by default: one limit for all of them costs next to nothing. */
const RECORDS_MAX = 1_000;

export interface CounterOptions {
  readonly pipeline: Pipeline;
  readonly transforms: Transforms;
  readonly timeLimit: TimeLimit;
  readonly note?: Note;
}

/**
 * Counts the measurements of many stream records, with the limits that the consumer sets to transforms:
 * what does not return is one refused measurement on both sides of the accounting.
 */
export class MeasurementCounter {
  readonly #options: CounterOptions;
  readonly #isLimited: boolean;
  #waiting: CountedRecord[] = [];
  #total = 0;

  constructor(options: CounterOptions) {
    this.#options = options;
    this.#isLimited = hasTransforms(options.pipeline);
  }

  add(record: CountedRecord): void {
    if (!this.#isLimited) {
      const { pipeline, transforms, note } = this.#options;
      this.#total += countMeasurements(record, pipeline, transforms, note);
      return;
    }
    this.#waiting.push(record);
    if (this.#waiting.length >= RECORDS_MAX) this.#count();
  }

  /** Of all that were added. */
  total(): number {
    if (this.#waiting.length > 0) this.#count();
    return this.#total;
  }

  #count(): void {
    const { timeLimit } = this.#options;
    const records = this.#waiting;
    this.#waiting = [];
    let counted: Counted;
    try {
      counted = timeLimit.run(() => this.#decide(records, null), TRANSFORMS_BATCH_MS_MAX);
    } catch (error) {
      if (!(error instanceof TimeLimitError)) throw error;
      counted = this.#decide(records, new RecordTime(timeLimit));
    }
    this.#total += counted.measurements;
    for (const seen of counted.noted) this.#options.note?.(...seen);
  }

  /** Notes nothing yet: the work may be stopped anywhere, and is done again then. */
  #decide(records: readonly CountedRecord[], time: RecordTime | null): Counted {
    const { pipeline, transforms } = this.#options;
    const noted: Parameters<Note>[] = [];
    const note: Note = (...seen) => noted.push(seen);
    let measurements = 0;
    for (const record of records) {
      measurements += countMeasurements(record, pipeline, transforms, note, time);
    }
    return { measurements, noted };
  }
}

interface Counted {
  readonly measurements: number;
  readonly noted: readonly Parameters<Note>[];
}
