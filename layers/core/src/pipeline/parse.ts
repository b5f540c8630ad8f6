import { sizeOf } from '../fold/size';
import { parseJson } from '../json/parse-json';
import { printable } from '../text/printable';
import { openFields } from './fields';
import { scanJson } from './json-text';
import { type KnownNames, parseMetric } from './parse-metric';
import { parseTransformName } from './parse-transform';
import type { Metric, Pipeline } from './pipeline';
import { PipelineError, Problems, placeKey } from './problem';

export { PipelineError } from './problem';

export interface ParseOptions {
  /** What error lines begin with; `pipeline.json` when absent. */
  readonly source?: string;
  /** Names of the files in transforms/; unchecked when absent. */
  readonly transforms?: ReadonlySet<string>;
  /** Registered detectors (`default` is always known); unchecked when absent. */
  readonly detectors?: ReadonlySet<string>;
}

export interface ParsedPipeline {
  readonly pipeline: Pipeline;
  /** Lines like those of an error, about what runs but is likely a mistake. */
  readonly warnings: readonly string[];
}

/**
 * Checks and completes the parsed JSON of a pipeline file; by `parseJson`, or long integers in `match`
 * have lost their digits already. Throws `PipelineError` with all mistakes.
 */
export function parsePipeline(json: unknown, options: ParseOptions = {}): ParsedPipeline {
  return parseWith(json, options, new Problems(options.source ?? 'pipeline.json'));
}

/** The same from the text of the file; a syntax error is one line with its line and column. */
export function parsePipelineText(text: string, options: ParseOptions = {}): ParsedPipeline {
  const source = options.source ?? 'pipeline.json';
  // Some editors write a byte order mark, and nobody sees it.
  const json = text.startsWith('\ufeff') ? text.slice(1) : text;
  const { mistake, repeated, overflowing } = scanJson(json);
  if (mistake !== null) {
    const place = `line ${mistake.line}, column ${mistake.column}`;
    throw new PipelineError([`${source}: ${place}: ${printable(mistake.text)}`]);
  }
  const written = new Map(overflowing.map(({ at, text }) => [placeKey(at), printable(text)]));
  const problems = new Problems(source, written);
  for (const { at, line } of repeated) {
    problems.error(at, `appears a second time on line ${line}, and only the last would count`);
  }
  return parseWith(parseJson(json), options, problems);
}

/** The file as it was imported: its text in a bundle, parsed by a loader that does not know of texts. */
export function parsePipelineFile(file: unknown, options: ParseOptions = {}): ParsedPipeline {
  return typeof file === 'string' ? parsePipelineText(file, options) : parsePipeline(file, options);
}

function parseWith(json: unknown, options: ParseOptions, problems: Problems): ParsedPipeline {
  const known = { transforms: options.transforms, detectors: options.detectors };
  const pipeline = parseRoot(json, problems, known);
  if (problems.errors.length === 0) checkSizes(pipeline?.metrics ?? [], problems);
  if (pipeline === undefined || problems.errors.length > 0)
    throw new PipelineError(problems.errors);
  return { pipeline, warnings: problems.warnings };
}

/** The windows of a series live in one DynamoDB item. */
function checkSizes(metrics: readonly Metric[], problems: Problems): void {
  for (const metric of metrics) {
    const { error, warning } = sizeOf(metric);
    if (error !== undefined) problems.error(['metrics', metric.name], error);
    if (warning !== undefined) problems.warn(['metrics', metric.name], warning);
  }
}

function parseRoot(json: unknown, problems: Problems, known: KnownNames): Pipeline | undefined {
  const fields = openFields(json, [], problems, 'an object like {"version":1,"metrics":{…}}');
  if (fields === undefined) return undefined;
  fields.refuseUnknown(['$schema', 'version', 'transform', 'metrics']);
  if (fields.has('$schema') && typeof fields.get('$schema') !== 'string') {
    fields.expected('$schema', 'a string');
  }
  if (fields.get('version') !== 1) fields.expected('version', '1');
  const transform = parseTransformName(fields, known.transforms);
  const example = 'an object like {"host.cpu":{…}}';
  const metricsJson = fields.get('metrics');
  if (openFields(metricsJson, fields.at('metrics'), problems, example) === undefined)
    return undefined;
  const entries = Object.entries(metricsJson as object);
  if (entries.length === 0) fields.error('metrics', 'expected at least one metric');
  const metrics = entries.map(([name, metric]) => parseMetric(name, metric, problems, known));
  const valid = metrics.filter((metric): metric is Metric => metric !== undefined);
  return { version: 1, transform, metrics: valid };
}
