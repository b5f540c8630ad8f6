import type { Decision } from '@millrace/core/record/expand';
import { EventTimeSurvey } from './event-times';
import { PartitionKeySurvey } from './partition-keys';

/** What a whole recording shows and no single record does. */
export class Survey {
  readonly #times = new EventTimeSurvey();
  readonly #keys = new PartitionKeySurvey();

  note(decision: Decision, partitionKey: string, arrivalMs: number): void {
    const { metric } = decision;
    if (decision.kind === 'unmatched' || metric === null) return;
    if (decision.kind === 'measurement')
      this.#keys.note(metric.name, decision.series, partitionKey);
    if (decision.eventMs !== undefined) this.#times.note(metric, decision.eventMs, arrivalMs);
  }

  /** What is likely not meant, a line each. */
  warnings(): readonly string[] {
    return [...this.#times.warnings(), ...this.#keys.warnings()];
  }
}
