import type { Definition } from './definition';
import { jsonBytes, retiredRowBytes, rowBytes } from './size';
import type { HeldWindow, IncidentOutput, QuarantineOutput, Retired, RowOutput } from './state';

const COMMA_BYTES = 1;
/** `"at":"control",`, which is known later. */
const AT_BYTES = 15;

/** Outputs of the records folded since the last commit. A window revised twice owes one row: its newest. */
export interface Outputs {
  /** With the bytes of each row. */
  readonly rows: Map<HeldWindow, number>;
  /** Of the previous epoch: they cannot change any more. */
  readonly retiredRows: RowOutput[];
  readonly incidents: IncidentOutput[];
  readonly quarantine: QuarantineOutput[];
  /** Upper estimate of their size in the outbox. */
  bytes: number;
}

export function noOutputs(): Outputs {
  return { rows: new Map(), retiredRows: [], incidents: [], quarantine: [], bytes: 0 };
}

export function oweRow(outputs: Outputs, window: HeldWindow, definition: Definition): void {
  // What it held when it was owed first may have been a fraction of what it holds now.
  const bytes = rowBytes(window, definition);
  outputs.bytes += bytes - (outputs.rows.get(window) ?? 0);
  outputs.rows.set(window, bytes);
}

export function oweIncidents(outputs: Outputs, transitions: readonly IncidentOutput[]): void {
  outputs.incidents.push(...transitions);
  for (const each of transitions) outputs.bytes += jsonBytes(each) + COMMA_BYTES;
}

/** Rows of a previous epoch go out as they are, with the first commit of the new one. */
export function oweRetired(outputs: Outputs, retired: Retired): void {
  outputs.retiredRows.push(...retired.rows);
  for (const row of retired.rows) outputs.bytes += retiredRowBytes(row.aggregate);
  oweIncidents(outputs, retired.incidents);
}

export function oweQuarantine(outputs: Outputs, entry: QuarantineOutput): void {
  outputs.quarantine.push(entry);
  outputs.bytes += jsonBytes(entry) + AT_BYTES + COMMA_BYTES;
}

export function rowOf(window: HeldWindow, definition: Definition, epoch: number): RowOutput {
  return {
    def: definition.fingerprint,
    dn: definition.number,
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
