import { isoTime, parseSeriesPartition } from '@millrace/core/fold/key';
import type { IncidentOutput } from '@millrace/core/fold/state';
import type { DynamoDBRecord } from 'aws-lambda';
import type { AlertSettings } from './alert-settings';

/** A transition of an incident, as the Results table holds it. */
export interface Transition extends IncidentOutput {
  /** Of the transition: the incident's id, the state and the window. The same whoever reads it. */
  readonly transition: string;
  readonly metric: string;
  readonly series: string;
  /** The partition key as items hold it: escaped, or a digest of a very long one. */
  readonly part: string;
}

const SEVERITIES = ['info', 'warning', 'critical'] as const;

/** Reads a record of the table stream; null for what is no transition, or none that can be read. */
export function readTransition({ dynamodb }: DynamoDBRecord): Transition | null {
  const { pk, sk, body } = dynamodb?.NewImage ?? {};
  if (pk?.S === undefined || sk?.S === undefined || body?.S === undefined) return null;
  if (!pk.S.startsWith('A#')) return null;
  const output = parseOutput(body.S);
  if (output === null) return null;
  const { metric, series } = parseSeriesPartition(pk.S);
  const part = sk.S.split('#')[1] ?? '';
  const transition = `${output.id}#${isoTime(output.windowMs)}#${output.phase}`;
  return { ...output, transition, metric, series, part };
}

function parseOutput(text: string): IncidentOutput | null {
  let body: Partial<IncidentOutput> | null;
  try {
    body = JSON.parse(text);
  } catch {
    return null;
  }
  const { id, phase, severity, windowMs, openedMs } = body ?? {};
  const isWhole =
    typeof id === 'string' &&
    typeof phase === 'string' &&
    severity !== undefined &&
    SEVERITIES.includes(severity) &&
    isTime(windowMs) &&
    isTime(openedMs);
  return isWhole ? (body as IncidentOutput) : null;
}

function isTime(ms: unknown): boolean {
  return typeof ms === 'number' && !Number.isNaN(new Date(ms).getTime());
}

/**
 * The cooldown of a transition that may be an alert, null for one that never is: a recovery, one
 * below `minSeverity`, one of a metric that alerts nobody or is no longer in the pipeline.
 *
 * An incident that opened below `minSeverity` and got worse is told of when it did.
 */
export function cooldownOf(transition: Transition, alerts: AlertSettings): number | null {
  const alert = alerts.get(transition.metric);
  if (alert === undefined || transition.phase === 'recovered') return null;
  const isGrave = SEVERITIES.indexOf(transition.severity) >= SEVERITIES.indexOf(alert.minSeverity);
  return isGrave ? alert.cooldownMs : null;
}
