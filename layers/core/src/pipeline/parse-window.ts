import { type Fields, oneOf, openFields } from './fields';
import type { WindowSpec } from './pipeline';
import type { At, Problems } from './problem';

const EXAMPLE = 'a window like {"type":"tumbling","size":"1m"}';

const FIELDS = ['type', 'size', 'offset'];

/** Known by name, so that a user is told that they are to come. */
const TO_COME: readonly unknown[] = ['hopping', 'session'];

export function parseWindow(json: unknown, at: At, problems: Problems): WindowSpec | undefined {
  const fields = openFields(json, at, problems, EXAMPLE);
  if (fields === undefined) return undefined;
  const type = fields.get('type');
  if (TO_COME.includes(type)) {
    // Their other fields are no mistakes of their own: one line says it all.
    fields.error('type', `"${type}" windows are not supported yet, use "tumbling" with a size`);
    return undefined;
  }
  if (type !== 'tumbling') return fields.expected('type', oneOf(['tumbling']));
  fields.refuseUnknown(FIELDS);
  return parseTumbling(fields);
}

function parseTumbling(fields: Fields): WindowSpec | undefined {
  const sizeMs = requiredDuration(fields, 'size');
  const offsetMs = fields.has('offset') ? fields.duration('offset', 0) : 0;
  if (sizeMs === undefined || offsetMs === undefined) return undefined;
  if (offsetMs >= sizeMs) return fields.expected('offset', 'an offset shorter than the size');
  return { type: 'tumbling', sizeMs, offsetMs };
}

function requiredDuration(fields: Fields, name: string): number | undefined {
  if (!fields.has(name)) return fields.expected(name, 'a duration like "1m"');
  return fields.duration(name, 1);
}
