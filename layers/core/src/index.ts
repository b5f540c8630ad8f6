/**
 * The public door of `@millrace/core`, also published as CoreLayer. Every module can be imported on
 * its own (`@millrace/core/fold/fold`); this lists what a function of your own starts with.
 */
export { planAggregates } from './aggregate/plan';
export { commitGroup } from './commit/commit-group';
export { DETECTOR_NAMES, detectorNamed } from './detector/registry';
export {
  answerTo,
  BugError,
  ConflictError,
  DeadlineError,
  MillraceError,
  NewerStateError,
  PoisonError,
  UnavailableError,
} from './error';
export { defineMetric } from './fold/definition';
export { fold, foldTick } from './fold/fold';
export { PipelineError, parsePipeline } from './pipeline/parse';
export { expand } from './record/expand';
export { measure } from './record/measure';
export { compareSequence } from './record/sequence';
export { readRefusals } from './results/quarantine';
export { readAccounting, readIncidents, readRows } from './results/read';
export { incidentLine, rowLine } from './results/view';
