import { type Fields, oneOf, openFields } from './fields';
import type { WindowSpec } from './pipeline';
import type { At, Problems } from './problem';

const EXAMPLE = 'a window like {"type":"tumbling","size":"1m"}';

/** The fields of every type of window, also of those that only become possible later. */
const FIELDS = {
  tumbling: ['type', 'size', 'offset'],
  hopping: ['type', 'size', 'slide'],
  session: ['type', 'gap', 'max'],
} as const;

const TYPES = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

export function parseWindow(json: unknown, at: At, problems: Problems): WindowSpec | undefined {
  const fields = openFields(json, at, problems, EXAMPLE);
  if (fields === undefined) return undefined;
  const type = fields.word('type', TYPES);
  if (type === undefined) {
    if (!fields.has('type')) fields.expected('type', oneOf(TYPES));
    return undefined;
  }
  fields.refuseUnknown(FIELDS[type]);
  if (type === 'tumbling') return parseTumbling(fields);
  if (type === 'hopping') checkHopping(fields);
  else checkSession(fields);
  fields.error('type', `"${type}" windows are not supported yet, use "tumbling"`);
  return undefined;
}

function parseTumbling(fields: Fields): WindowSpec | undefined {
  const sizeMs = requiredDuration(fields, 'size');
  const offsetMs = fields.has('offset') ? fields.duration('offset', 0) : 0;
  if (sizeMs === undefined || offsetMs === undefined) return undefined;
  if (offsetMs >= sizeMs) return fields.expected('offset', 'an offset shorter than the size');
  return { type: 'tumbling', sizeMs, offsetMs };
}

function checkHopping(fields: Fields): void {
  const sizeMs = requiredDuration(fields, 'size');
  const slideMs = requiredDuration(fields, 'slide');
  if (sizeMs !== undefined && slideMs !== undefined && sizeMs % slideMs !== 0) {
    fields.expected('slide', 'a slide that divides the size');
  }
}

function checkSession(fields: Fields): void {
  const gapMs = requiredDuration(fields, 'gap');
  const maxMs = fields.duration('max', 1);
  if (gapMs !== undefined && maxMs !== undefined && maxMs < gapMs) {
    fields.expected('max', 'a duration of at least the gap');
  }
}

function requiredDuration(fields: Fields, name: string): number | undefined {
  if (!fields.has(name)) return fields.expected(name, 'a duration like "1m"');
  return fields.duration(name, 1);
}
