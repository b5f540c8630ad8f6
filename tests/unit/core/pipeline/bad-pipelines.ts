import { AGGREGATES, OUTPUTS } from './bad/aggregates';
import { ALERTS } from './bad/alerts';
import type { BadPipeline } from './bad/bad-pipeline';
import { FIELDS, PATHS } from './bad/fields';
import { ROOT } from './bad/root';
import { DURATIONS, WINDOWS } from './bad/windows';

export const BAD_PIPELINES: readonly BadPipeline[] = [
  ...ROOT,
  ...DURATIONS,
  ...FIELDS,
  ...PATHS,
  ...WINDOWS,
  ...AGGREGATES,
  ...OUTPUTS,
  ...ALERTS,
];
