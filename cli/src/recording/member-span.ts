import { COMMA, QUOTE, type Span, skipSpace, stringEnd, valueEnd } from './json-scan';

/**
 * Where the value of a top-level member stands in the text of a JSON object: JSON.parse forgets
 * `1.0`, key order, spaces, big integers and repeated keys, and a record's bytes are its exact text.
 *
 * The text must be valid JSON already. Of repeated members the last counts, as in JSON.parse.
 *
 * @example memberSpan('{"a":1,"j":{"x":1.0}}', 'j') // the range of {"x":1.0}
 */
export function memberSpan(text: string, name: string): Span | undefined {
  let found: Span | undefined;
  let at = skipSpace(text, text.indexOf('{') + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = stringEnd(text, at);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = valueEnd(text, start);
    if (isName(text, at + 1, keyEnd - 1, name)) found = { start, end };
    at = skipSpace(text, end);
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1);
  }
  return found;
}

function isName(text: string, start: number, end: number, name: string): boolean {
  const raw = text.slice(start, end);
  if (raw === name) return true;
  return raw.includes('\\') && JSON.parse(`"${raw}"`) === name;
}
