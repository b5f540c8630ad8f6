import type { IncidentOutput, Outbox, QuarantineOutput, RowOutput } from '../fold/state';
import {
  boundsOf,
  countOf,
  jsonOf,
  listOf,
  malformed,
  numberOf,
  objectOf,
  textOf,
  timeOf,
} from './shape';

const PHASES: readonly unknown[] = ['open', 'ongoing', 'recovered'];
const SEVERITIES: readonly unknown[] = ['info', 'warning', 'critical'];
const PLACES: readonly unknown[] = ['inline', 'control', 'object'];

/** What the newest commit owes; null = nothing. Whatever of it is written must be right. */
export function decodeOutbox(out: unknown, version: number): Outbox | null {
  if (out === undefined) return null;
  const outbox = objectOf(jsonOf(out, 'out'), 'out') as unknown as Outbox;
  // Rows of a greater version would hide those of later commits.
  if (countOf(outbox.version, 'version of out', 1) > version) throw malformed('version of out');
  if (!textOf(outbox.shard, 'shard of out').includes('/')) throw malformed('shard of out');
  if (outbox.mark !== undefined && outbox.mark !== null) textOf(outbox.mark, 'mark of out');
  for (const row of listOf(outbox.rows, 'rows of out')) checkRow(row);
  for (const incident of listOf(outbox.incidents, 'incidents of out')) checkIncident(incident);
  const quarantine = listOf(outbox.quarantine, 'quarantine of out').map(refusedOf);
  return { ...outbox, quarantine };
}

function checkRow(value: unknown): void {
  const what = 'a row of out';
  const row = objectOf(value, what) as unknown as RowOutput;
  textOf(row.def, what);
  if (row.dn !== undefined) countNumberOf(row.dn, what);
  countOf(row.epoch, what);
  const startMs = timeOf(row.startMs, what);
  if (timeOf(row.endMs, what) <= startMs) throw malformed(what);
  countOf(row.rev, what);
  countOf(row.late, what);
  listOf(row.aggregate, what);
  if (row.score !== null) numberOf(row.score, what);
  if (typeof row.anomaly !== 'boolean') throw malformed(what);
  if (row.expected !== null) boundsOf(row.expected, what);
  if (row.incident !== null) textOf(row.incident, what);
}

/** Definitions of a metric that is gone have the greatest number. */
function countNumberOf(value: unknown, what: string): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw malformed(what);
}

export function checkSeverity(value: unknown, what: string): void {
  if (!SEVERITIES.includes(value)) throw malformed(what);
}

function checkIncident(value: unknown): void {
  const what = 'an incident of out';
  const incident = objectOf(value, what) as unknown as IncidentOutput;
  textOf(incident.id, what);
  timeOf(incident.windowMs, what);
  if (!PHASES.includes(incident.phase)) throw malformed(what);
  timeOf(incident.openedMs, what);
  if (incident.closedMs !== null) timeOf(incident.closedMs, what);
  checkSeverity(incident.severity, what);
  numberOf(incident.score, what);
  numberOf(incident.observed, what);
  boundsOf(incident.expected, what);
  textOf(incident.reason, what);
}

/** Older code owed an entry for each measurement, and said neither how many nor which. */
function refusedOf(value: unknown): QuarantineOutput {
  const what = 'a refusal of out';
  const stored = objectOf(value, what) as unknown as QuarantineOutput;
  const isOld = stored.count === undefined && stored.subs === undefined;
  const refused = isOld ? { ...stored, count: 1, subs: [stored.sub] } : stored;
  textOf(refused.reason, what);
  textOf(refused.detail, what);
  textOf(refused.sequence, what);
  countOf(refused.sub, what);
  timeOf(refused.arrivalMs, what);
  countOf(refused.count, what, 1);
  for (const span of listOf(refused.subs, what)) checkSpan(span, what);
  if (refused.aggregate !== undefined && refused.aggregate !== true) throw malformed(what);
  if (refused.at !== undefined && !PLACES.includes(refused.at)) throw malformed(what);
  if (refused.attempt !== undefined) countOf(refused.attempt, what);
  if (refused.lastSeenMs !== undefined) timeOf(refused.lastSeenMs, what);
  return refused;
}

function checkSpan(span: unknown, what: string): void {
  if (typeof span === 'number') {
    countOf(span, what);
    return;
  }
  const parts = listOf(span, what);
  if (parts.length < 2 || parts.length > 3) throw malformed(what);
  for (const part of parts) countOf(part, what);
}
