import type { Path } from '@millrace/core/pipeline/pipeline';

/** Half-open range of positions in a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** `"`, `\`, brackets and the comma by their codes: this runs over every byte of a recording. */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);
const OPEN_BRACE = 0x7b;
const COMMA = 0x2c;

/**
 * Where the values at a path stand in the text of a JSON object, so that they can be exchanged and
 * everything around them stays as it is. Of repeated members all are answered, not the last alone.
 *
 * The text must be valid JSON. As deep as the path is long, whatever the text.
 *
 * @example valueSpans('{"a":{"b":1.0}}', ['a', 'b']) // the range of 1.0
 */
export function valueSpans(text: string, path: Path): Span[] {
  const found: Span[] = [];
  visit(text, skipSpace(text, 0), path, found);
  return found;
}

/** Exchanges the values at spans; `change` gets the value's exact text and null leaves it. */
export function replaceSpans(
  text: string,
  spans: readonly Span[],
  change: (text: string) => string | null,
): string {
  const ordered = [...spans].sort((a, b) => a.start - b.start);
  let result = '';
  let at = 0;
  for (const { start, end } of ordered) {
    if (start < at) continue; // Inside a value that was exchanged already.
    result += text.slice(at, start) + (change(text.slice(start, end)) ?? text.slice(start, end));
    at = end;
  }
  return result + text.slice(at);
}

/** Answers the position behind the value. */
function visit(text: string, start: number, path: Path, found: Span[]): number {
  if (path.length === 0) {
    const end = valueEnd(text, start);
    found.push({ start, end });
    return end;
  }
  const first = text.charCodeAt(start);
  if (!OPEN.has(first)) return valueEnd(text, start);
  const isObject = first === OPEN_BRACE;
  const rest = path.slice(1);
  let at = skipSpace(text, start + 1);
  for (let index = 0; !CLOSE.has(text.charCodeAt(at)); index++) {
    let step = String(index);
    if (isObject) {
      const keyEnd = stringEnd(text, at);
      step = JSON.parse(text.slice(at, keyEnd)) as string;
      at = skipSpace(text, skipSpace(text, keyEnd) + 1);
    }
    at = step === path[0] ? visit(text, at, rest, found) : valueEnd(text, at);
    at = skipSpace(text, at);
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1);
  }
  return at + 1;
}

function valueEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return stringEnd(text, start);
  if (!OPEN.has(first)) {
    let at = start;
    while (at < text.length && !isBehindScalar(text.charCodeAt(at))) at += 1;
    return at;
  }
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at);
      continue;
    }
    if (OPEN.has(code)) depth += 1;
    if (CLOSE.has(code)) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return at;
}

/** Position behind the closing quote of the string that starts at `start`. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) {
    at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  }
  return at + 1;
}

function isBehindScalar(code: number): boolean {
  return code === COMMA || CLOSE.has(code) || isSpace(code);
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
