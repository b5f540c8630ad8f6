import { SERIES_BYTES_MAX } from '../fold/key';
import { describe } from '../pipeline/describe';
import type { JsonRecord, Path } from '../pipeline/pipeline';
import { formatPath, getPath } from './path';
import { hasLoneSurrogate, utf8Bytes } from './utf8';

/** The one series of a metric whose `series` is an empty list. */
export const ONLY_SERIES = '*';

/**
 * Names a record's series: the values joined by `|`, with `\` and `|` inside values escaped by `\`.
 * Null when it has none: a value is missing or no scalar, or the name cannot be a key.
 *
 * @example seriesName({ a: 'x|y', b: 1 }, [['a'], ['b']]) === 'x\\|y|1'
 */
export function seriesName(record: JsonRecord, paths: readonly Path[]): string | null {
  if (paths.length === 0) return ONLY_SERIES;
  let name = '';
  for (let at = 0; at < paths.length; at++) {
    const value = getPath(record, paths[at] as Path);
    if (isTooLong(value)) return null;
    const part = namePart(value);
    if (part === null) return null;
    name = at === 0 ? part : `${name}|${part}`;
  }
  return isKey(name) ? name : null;
}

/**
 * Asked before a value is escaped or measured: one record of a megabyte may name ten thousand series.
 * No text has fewer bytes of UTF-8 than units.
 */
function isTooLong(value: unknown): boolean {
  return typeof value === 'string' && value.length > SERIES_BYTES_MAX;
}

function namePart(value: unknown): string | null {
  if (typeof value === 'string') {
    return value.includes('\\') || value.includes('|') ? value.replace(/[\\|]/g, '\\$&') : value;
  }
  const type = typeof value;
  return type === 'number' || type === 'boolean' || type === 'bigint' ? String(value) : null;
}

/** Keys are UTF-8: two names with different lone surrogates would become the same key. */
function isKey(name: string): boolean {
  if (name.length > SERIES_BYTES_MAX || hasLoneSurrogate(name)) return false;
  return name.length * 3 <= SERIES_BYTES_MAX || utf8Bytes(name) <= SERIES_BYTES_MAX;
}

/** Why `seriesName` answered null, for the quarantine. */
export function explainSeries(record: JsonRecord, paths: readonly Path[]): string {
  for (const path of paths) {
    const value = getPath(record, path);
    if (isTooLong(value)) break;
    const part = namePart(value);
    if (part === null) {
      return `${formatPath(path)}: expected a string, number or boolean, got ${describe(value)}`;
    }
    if (hasLoneSurrogate(part)) return `${formatPath(path)}: not valid Unicode`;
  }
  return `the series name is longer than ${SERIES_BYTES_MAX} bytes of UTF-8`;
}
