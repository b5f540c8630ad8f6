import { BugError } from '../error';
import type { Detector } from './detector';
import { ewma } from './ewma';

/** Detectors by the name a pipeline uses. `default` is whichever we would choose today. */
const DETECTORS: ReadonlyMap<string, Detector> = new Map([
  ['default', ewma],
  ['ewma', ewma],
]);

export const DETECTOR_NAMES: ReadonlySet<string> = new Set(DETECTORS.keys());

/** The pipeline was checked against `DETECTOR_NAMES`, so an unknown name here is a bug. */
export function detectorNamed(name: string): Detector {
  const detector = DETECTORS.get(name);
  if (detector === undefined) throw new BugError(`no detector is registered as "${name}"`);
  return detector;
}
