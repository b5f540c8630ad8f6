import { type Fields, oneOf, openFields } from './fields';
import { hint } from './nearest';
import type { ParsedAggregates } from './parse-aggregates';
import type { Alert, Detect, Severity } from './pipeline';
import type { At, Problems } from './problem';

export const DETECTOR_DEFAULT = 'default';
export const COOLDOWN_MS_DEFAULT = 15 * 60_000;

const SEVERITIES: readonly Severity[] = ['info', 'warning', 'critical'];

/** `detectors` are the known names, `default` always among them; undefined leaves names unchecked. */
export function parseDetect(
  json: unknown,
  at: At,
  problems: Problems,
  context: { aggregates: ParsedAggregates; detectors: ReadonlySet<string> | undefined },
): Detect | undefined {
  const fields = openFields(json, at, problems, 'a detection like {"on":"mean"}');
  if (fields === undefined) return undefined;
  fields.refuseUnknown(['detector', 'on']);
  const detector = readDetector(fields, context.detectors);
  const on = readOn(fields, context.aggregates);
  return detector === undefined || on === undefined ? undefined : { detector, on };
}

function readDetector(
  fields: Fields,
  detectors: ReadonlySet<string> | undefined,
): string | undefined {
  if (!fields.has('detector')) return DETECTOR_DEFAULT;
  const name = fields.get('detector');
  if (typeof name !== 'string' || name === '') {
    return fields.expected('detector', 'the name of a detector');
  }
  if (detectors === undefined || name === DETECTOR_DEFAULT || detectors.has(name)) return name;
  return fields.expected('detector', oneOf([...new Set([DETECTOR_DEFAULT, ...detectors])]));
}

function readOn(fields: Fields, aggregates: ParsedAggregates): string | undefined {
  const on = fields.get('on');
  if (typeof on !== 'string') {
    return fields.expected('on', 'the name of an output field like "mean"');
  }
  const spec = aggregates.specs.find((candidate) => candidate.as === on);
  if (spec?.op === 'top') {
    fields.error('on', `expected a numeric output field, ${JSON.stringify(on)} is a "top" list`);
    return undefined;
  }
  if (spec !== undefined || !aggregates.complete) return on;
  const names = aggregates.specs.map((candidate) => candidate.as);
  fields.error(
    'on',
    `expected an output field (${names.join(', ')}), got ${JSON.stringify(on)}${hint(on, names)}`,
  );
  return undefined;
}

export function parseAlert(json: unknown, at: At, problems: Problems): Alert | undefined {
  const fields = openFields(json, at, problems, 'an alert like {"minSeverity":"warning"}');
  if (fields === undefined) return undefined;
  fields.refuseUnknown(['when', 'minSeverity', 'cooldown']);
  return {
    when: fields.word('when', ['open']) ?? 'open',
    minSeverity: fields.word('minSeverity', SEVERITIES) ?? 'warning',
    cooldownMs: fields.duration('cooldown', 1) ?? COOLDOWN_MS_DEFAULT,
  };
}
