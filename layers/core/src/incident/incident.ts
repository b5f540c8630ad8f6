import type { Verdict } from '../detector/detector';
import type { IncidentOutput, IncidentPhase, OpenIncident } from '../fold/state';

/** Calm windows in a row after which an incident has recovered: one quiet window proves little. */
const CALM_WINDOWS_TO_CLOSE = 2;

export interface ScoredWindow {
  readonly startMs: number;
  readonly endMs: number;
  readonly value: number;
}

export interface IncidentStep {
  readonly incident: OpenIncident | null;
  readonly transitions: readonly IncidentOutput[];
}

/**
 * Moves the incident of one series by one scored window: ok, open, ongoing, recovered, with
 * hysteresis (opens on an anomaly, closes after two calm windows in a row). `ongoing` is written
 * when the incident got worse, so that its last state shows its peak.
 */
export function stepIncident(
  incident: OpenIncident | null,
  verdict: Verdict,
  window: ScoredWindow,
  newId: () => string,
): IncidentStep {
  if (verdict.score === null || verdict.expected === null) return { incident, transitions: [] };
  if (incident === null) {
    if (!verdict.anomaly) return { incident: null, transitions: [] };
    const opened: OpenIncident = {
      id: newId(),
      openedMs: window.startMs,
      severity: verdict.severity,
      score: verdict.score,
      observed: window.value,
      expected: verdict.expected,
      reason: verdict.reason,
      calm: 0,
    };
    return { incident: opened, transitions: [transition(opened, 'open', window, null)] };
  }
  if (verdict.calm) return calmDown(incident, window);
  const worse = verdict.anomaly && verdict.score > incident.score;
  const next: OpenIncident = worse
    ? {
        ...incident,
        severity: verdict.severity,
        score: verdict.score,
        observed: window.value,
        expected: verdict.expected,
        reason: verdict.reason,
        calm: 0,
      }
    : { ...incident, calm: 0 };
  return { incident: next, transitions: worse ? [transition(next, 'ongoing', window, null)] : [] };
}

function calmDown(incident: OpenIncident, window: ScoredWindow): IncidentStep {
  const next: OpenIncident = { ...incident, calm: incident.calm + 1 };
  if (next.calm < CALM_WINDOWS_TO_CLOSE) return { incident: next, transitions: [] };
  return {
    incident: null,
    transitions: [transition(next, 'recovered', window, window.endMs)],
  };
}

/** Closes an incident for a reason that is not in the data's windows. */
export function endIncident(
  incident: OpenIncident,
  windowMs: number,
  because: string,
): IncidentOutput {
  const reason = `${incident.reason}; ${because}`;
  const window = { startMs: windowMs, endMs: windowMs, value: incident.observed };
  return transition({ ...incident, reason }, 'recovered', window, windowMs);
}

function transition(
  incident: OpenIncident,
  phase: IncidentPhase,
  window: ScoredWindow,
  closedMs: number | null,
): IncidentOutput {
  return {
    id: incident.id,
    windowMs: window.startMs,
    phase,
    openedMs: incident.openedMs,
    closedMs,
    severity: incident.severity,
    score: incident.score,
    observed: incident.observed,
    expected: incident.expected,
    reason: incident.reason,
  };
}
