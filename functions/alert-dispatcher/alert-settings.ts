import { parseAlert } from '@millrace/core/pipeline/parse-alert';
import type { Alert, Pipeline } from '@millrace/core/pipeline/pipeline';
import { PipelineError, Problems } from '@millrace/core/pipeline/problem';

/** By metric; one that alerts nobody is not in it. */
export type AlertSettings = ReadonlyMap<string, Alert>;

export function alertSettings({ metrics }: Pipeline): AlertSettings {
  return new Map(metrics.flatMap(({ name, alert }) => (alert === null ? [] : [[name, alert]])));
}

/**
 * The same from a pipeline file. The build and the consumer check the whole of it; doing so here too
 * would bring the code of all aggregates into this bundle.
 *
 * @throws PipelineError when an alert is wrong
 */
export function readAlertSettings(file: {
  readonly metrics: Readonly<Record<string, object>>;
}): AlertSettings {
  const problems = new Problems('pipeline.json');
  const settings = new Map<string, Alert>();
  for (const [name, metric] of Object.entries(file.metrics)) {
    const { alert: json } = metric as { readonly alert?: unknown };
    if (json === undefined) continue;
    const alert = parseAlert(json, ['metrics', name, 'alert'], problems);
    if (alert !== undefined) settings.set(name, alert);
  }
  if (problems.errors.length > 0) throw new PipelineError(problems.errors);
  return settings;
}
