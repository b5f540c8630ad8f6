import type { Definition } from './definition';
import type { HeldWindow, IncidentOutput, QuarantineOutput, Retired, RowOutput } from './state';

/** JSON around a row or a transition in the outbox. */
const ROW_BYTES = 160;
const INCIDENT_BYTES = 400;
const QUARANTINE_BYTES = 220;

/** Outputs of the records folded since the last commit. A window revised twice owes one row: its newest. */
export interface Outputs {
  readonly rows: Set<HeldWindow>;
  /** Of the previous epoch: they cannot change any more. */
  readonly retiredRows: RowOutput[];
  readonly incidents: IncidentOutput[];
  readonly quarantine: QuarantineOutput[];
  /** Upper estimate of their size in the outbox. */
  bytes: number;
}

export function noOutputs(): Outputs {
  return { rows: new Set(), retiredRows: [], incidents: [], quarantine: [], bytes: 0 };
}

export function oweRow(outputs: Outputs, window: HeldWindow, definition: Definition): void {
  if (outputs.rows.has(window)) return;
  outputs.rows.add(window);
  outputs.bytes += ROW_BYTES + definition.plan.bytes(window.aggregate);
}

export function oweIncidents(outputs: Outputs, transitions: readonly IncidentOutput[]): void {
  outputs.incidents.push(...transitions);
  outputs.bytes += transitions.length * INCIDENT_BYTES;
}

/** Rows of a previous epoch go out as they are, with the first commit of the new one. */
export function oweRetired(outputs: Outputs, retired: Retired): void {
  outputs.retiredRows.push(...retired.rows);
  for (const row of retired.rows) {
    outputs.bytes += ROW_BYTES + JSON.stringify(row.aggregate).length;
  }
  oweIncidents(outputs, retired.incidents);
}

export function oweQuarantine(outputs: Outputs, entry: QuarantineOutput): void {
  outputs.quarantine.push(entry);
  outputs.bytes += QUARANTINE_BYTES + entry.detail.length;
}

export function rowOf(window: HeldWindow, definition: Definition, epoch: number): RowOutput {
  return {
    def: definition.fingerprint,
    epoch,
    startMs: window.startMs,
    endMs: window.endMs,
    rev: window.rev,
    late: window.late,
    aggregate: definition.plan.encode(window.aggregate),
    score: window.score,
    anomaly: window.anomaly,
    expected: window.expected,
    incident: window.incident,
  };
}
