import { METRIC_BYTES_MAX } from '../fold/key';
import { REMEMBERED_MAX } from '../record/dedupe-key';
import { hasLoneSurrogate, utf8Bytes } from '../record/utf8';
import { type Fields, openFields, readPath } from './fields';
import { type ParsedAggregates, parseAggregates } from './parse-aggregates';
import { parseAlert, parseDetect } from './parse-alert';
import { parseMatch } from './parse-match';
import { parseTransformName } from './parse-transform';
import { parseWindow } from './parse-window';
import type { Dedupe, Metric, Path, TimeUnit } from './pipeline';
import type { At, Problems } from './problem';

export const OUT_OF_ORDERNESS_MS_DEFAULT = 10_000;
export const ALLOWED_LATENESS_MS_DEFAULT = 60_000;
export const IDLE_CLOSE_MS_DEFAULT = 120_000;

const TIME_UNITS: readonly TimeUnit[] = ['s', 'ms', 'us', 'ns'];

const FIELDS = [
  'match',
  'series',
  'time',
  'timeUnit',
  'value',
  'coerce',
  'window',
  'outOfOrderness',
  'allowedLateness',
  'idleClose',
  'maxFutureSkew',
  'maxPastSkew',
  'dedupe',
  'aggregates',
  'transform',
  'detect',
  'alert',
] as const;

/** Names that the pipeline may refer to; undefined leaves them unchecked. */
export interface KnownNames {
  readonly transforms: ReadonlySet<string> | undefined;
  readonly detectors: ReadonlySet<string> | undefined;
}

/** Undefined, or with placeholders inside, when a mistake was noted: never used then. */
export function parseMetric(
  name: string,
  json: unknown,
  problems: Problems,
  known: KnownNames,
): Metric | undefined {
  const at: At = ['metrics', name];
  checkName(name, at, problems);
  const fields = openFields(
    json,
    at,
    problems,
    'a metric like {"window":{…},"aggregates":["count"]}',
  );
  if (fields === undefined) return undefined;
  fields.refuseUnknown(FIELDS);
  const window = parseWindow(fields.get('window'), fields.at('window'), problems);
  const aggregates = parseAggregates(fields.get('aggregates'), fields.at('aggregates'), problems);
  const context = { aggregates, detectors: known.detectors };
  if (fields.has('alert') && !fields.has('detect')) {
    fields.error('alert', 'has no effect without "detect"');
  }
  const metric = {
    name,
    match: parseMatch(fields.get('match'), fields.at('match'), problems),
    series: readSeries(fields, problems),
    time: readTime(fields, problems),
    ...readValue(fields, aggregates),
    ...readTolerances(fields, problems),
    dedupe: optional(fields, 'dedupe', (dedupe, dedupeAt) =>
      parseDedupe(dedupe, dedupeAt, problems),
    ),
    aggregates: aggregates.specs,
    transform: parseTransformName(fields, known.transforms),
    detect: optional(fields, 'detect', (detect, detectAt) =>
      parseDetect(detect, detectAt, problems, context),
    ),
    alert: optional(fields, 'alert', (alert, alertAt) => parseAlert(alert, alertAt, problems)),
  };
  warnOfArrivalDedupe(metric, fields, problems);
  return window === undefined ? undefined : { ...metric, window };
}

function checkName(name: string, at: At, problems: Problems): void {
  if (name === '') {
    problems.error(['metrics'], 'a metric has an empty name');
  } else if (utf8Bytes(name) > METRIC_BYTES_MAX) {
    problems.error(
      ['metrics', `${name.slice(0, 40)}…`],
      `the name has ${utf8Bytes(name)} bytes of UTF-8, at most ${METRIC_BYTES_MAX} are allowed`,
    );
  } else if (hasLoneSurrogate(name)) {
    problems.error(at, 'the name is not valid Unicode');
  }
}

function optional<Value>(
  fields: Fields,
  name: string,
  parse: (json: unknown, at: At) => Value | undefined,
): Value | null {
  return fields.has(name) ? (parse(fields.get(name), fields.at(name)) ?? null) : null;
}

function readSeries(fields: Fields, problems: Problems): readonly Path[] {
  const json = fields.get('series');
  if (json === undefined) return [];
  if (!Array.isArray(json)) {
    fields.expected('series', 'a list of paths like ["host"]');
    return [];
  }
  return json.map(
    (path: unknown, index) =>
      readPath(path, [...fields.at('series'), String(index)], problems) ?? [],
  );
}

/** What the last step of a time's path says of its unit: `created_ns`, `epochSeconds`. */
const UNIT_NAMES: readonly (readonly [TimeUnit, RegExp])[] = [
  ['ns', /(?:nanos|nanoseconds|_ns)$/i],
  ['us', /(?:micros|microseconds|_us)$/i],
  ['s', /(?<!milli|micro|nano)(?:seconds|secs)$|_s$|_sec$/i],
];

/** A wrong unit moves every record by decades, and nothing of it looks wrong. */
function warnOfUnit(fields: Fields, path: Path | undefined, problems: Problems): void {
  const name = path?.at(-1);
  if (name === undefined || fields.has('timeUnit')) return;
  const unit = UNIT_NAMES.find(([, pattern]) => pattern.test(name))?.[0];
  if (unit === undefined) return;
  const text = `numbers are read as milliseconds: should "timeUnit" be "${unit}"?`;
  problems.warn(fields.at('time'), text);
}

function readTime(fields: Fields, problems: Problems): Metric['time'] {
  const path = fields.path('time');
  const unit = fields.word('timeUnit', TIME_UNITS) ?? 'ms';
  warnOfUnit(fields, path, problems);
  if (fields.has('timeUnit') && !fields.has('time')) {
    fields.error('timeUnit', 'has no effect without "time"');
  }
  return path === undefined ? null : { path, unit };
}

/** `coerce` without a value is for the own paths of aggregates; an entry that cannot be read may have one. */
function readValue(
  fields: Fields,
  { specs, complete }: ParsedAggregates,
): Pick<Metric, 'value' | 'coerce'> {
  const path = fields.path('value');
  const coerce = fields.boolean('coerce') ?? false;
  const hasPaths = !complete || specs.some((spec) => spec.path !== null);
  if (fields.has('coerce') && !fields.has('value') && !hasPaths) {
    fields.error('coerce', 'has no effect without "value" or an aggregate with a "path"');
  }
  if (path !== undefined) return { value: { path, coerce } };
  return { value: null, ...(coerce && { coerce }) };
}

function readTolerances(fields: Fields, problems: Problems) {
  const allowedLatenessMs = fields.duration('allowedLateness', 0) ?? ALLOWED_LATENESS_MS_DEFAULT;
  const maxFutureSkewMs = fields.duration('maxFutureSkew', 0) ?? allowedLatenessMs;
  if (maxFutureSkewMs > allowedLatenessMs) {
    problems.warn(
      fields.at('maxFutureSkew'),
      'is longer than "allowedLateness": windows that fast clocks open ahead are held until their time',
    );
  }
  const maxPastSkewMs = fields.duration('maxPastSkew', 1);
  if (maxPastSkewMs !== undefined && !fields.has('time')) {
    fields.error('maxPastSkew', 'has no effect without "time"');
  }
  const outOfOrdernessMs = fields.duration('outOfOrderness', 0) ?? OUT_OF_ORDERNESS_MS_DEFAULT;
  if ((maxPastSkewMs ?? Number.POSITIVE_INFINITY) < outOfOrdernessMs + allowedLatenessMs) {
    problems.warn(
      fields.at('maxPastSkew'),
      'is shorter than "outOfOrderness" and "allowedLateness": it refuses what their windows would take',
    );
  }
  return {
    outOfOrdernessMs,
    allowedLatenessMs,
    idleCloseMs: fields.duration('idleClose', 1) ?? IDLE_CLOSE_MS_DEFAULT,
    maxFutureSkewMs,
    ...(maxPastSkewMs !== undefined && { maxPastSkewMs }),
  };
}

function parseDedupe(json: unknown, at: At, problems: Problems): Dedupe | undefined {
  const fields = openFields(json, at, problems, 'a rule like {"by":"eventId","path":"id"}');
  if (fields === undefined) return undefined;
  const by = fields.word('by', ['eventId', 'eventTime']);
  if (by === undefined) {
    if (!fields.has('by')) fields.expected('by', 'one of "eventId", "eventTime"');
    return undefined;
  }
  fields.refuseUnknown(['by', 'path', 'remember']);
  const remember = readRemember(fields);
  if (by === 'eventTime') {
    if (!fields.has('path')) return { by, ...remember };
    fields.error('path', 'has no effect with "by":"eventTime"; to compare a field, use "eventId"');
    return undefined;
  }
  if (!fields.has('path')) return fields.expected('path', 'a path like "id"');
  const path = fields.path('path');
  return path === undefined ? undefined : { by, path, ...remember };
}

function readRemember(fields: Fields): { readonly remember?: number } {
  const remember = fields.get('remember');
  if (remember === undefined) return {};
  const isCount = typeof remember === 'number' && Number.isInteger(remember);
  if (isCount && remember >= 1 && remember <= REMEMBERED_MAX) return { remember };
  fields.expected('remember', `a whole number from 1 to ${REMEMBERED_MAX}`);
  return {};
}

/** Without `time` the arrival is the event time, and two records often arrive together. */
function warnOfArrivalDedupe(
  metric: { readonly dedupe: Dedupe | null },
  fields: Fields,
  problems: Problems,
): void {
  if (metric.dedupe?.by !== 'eventTime' || fields.has('time')) return;
  problems.warn(
    fields.at('dedupe'),
    'compares arrival times, as there is no "time": records that arrive together count once',
  );
}
