import { describe } from '../pipeline/describe';
import type { JsonRecord, Transform } from '../pipeline/pipeline';
import { printable } from '../text/printable';

/** More outputs than this of one record are a mistake of the transform, not data. */
export const TRANSFORM_OUTPUTS_MAX = 10_000;

const MESSAGE_UNITS_MAX = 200;

/**
 * Calls user code on one record. Answers its outputs, or as text why the record must be refused:
 * nothing that a transform does or returns may stop the records behind it.
 */
export function applyTransform(
  name: string,
  transform: Transform,
  record: JsonRecord,
): readonly JsonRecord[] | string {
  try {
    return checkOutputs(name, transform(record));
  } catch (error) {
    return `${name} threw: ${messageOf(error)}`;
  }
}

function checkOutputs(name: string, result: unknown): readonly JsonRecord[] | string {
  if (result === null || result === undefined) return [];
  if (!Array.isArray(result)) {
    if (isRecord(result)) return [result];
    return isPromise(result)
      ? ignorePromise(name, result)
      : `${name} returned ${describe(result)}, expected a record, records or nothing`;
  }
  if (result.length > TRANSFORM_OUTPUTS_MAX) {
    return `${name} returned ${result.length} records, at most ${TRANSFORM_OUTPUTS_MAX} are allowed`;
  }
  // `findIndex` visits holes too, so a sparse list is refused.
  const bad = result.findIndex((output) => !isRecord(output));
  if (bad < 0) return result;
  return `${name} returned ${describe(result[bad])} at index ${bad}, expected a record`;
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isPromise(value);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === 'function'
  );
}

/** Its rejection must not end the process as an unhandled one. */
function ignorePromise(name: string, promise: PromiseLike<unknown>): string {
  promise.then(undefined, () => undefined);
  return `${name} returned a promise: transforms are synchronous, remove "async"`;
}

function messageOf(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return printable(text.slice(0, MESSAGE_UNITS_MAX));
  } catch {
    return 'something that cannot be shown';
  }
}
