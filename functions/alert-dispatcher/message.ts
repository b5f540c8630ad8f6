import type { TopicMessage } from '@millrace/adapters/topic';
import { isoTime } from '@millrace/core/fold/key';
import type { Transition } from './transition';

/** What subscribers get: docs/operations.md lists the fields. */
export function messageOf(transition: Transition): TopicMessage {
  const { metric, series, severity, observed, expected } = transition;
  const body = {
    id: transition.transition,
    incident: transition.id,
    metric,
    series,
    state: transition.phase,
    severity,
    opened: isoTime(transition.openedMs),
    window: isoTime(transition.windowMs),
    score: transition.score,
    observed,
    expected,
    reason: transition.reason,
  };
  return {
    id: transition.transition,
    subject: `${severity}: ${metric} of ${series}: ${observed}, expected ${expected.low} to ${expected.high}`,
    // Indented: an e-mail shows it as it is.
    body: JSON.stringify(body, null, 2),
    attributes: { severity, metric, series },
  };
}
