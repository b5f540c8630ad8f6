import type { Path } from '@millrace/core/pipeline/pipeline';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  type Span,
  skipSpace,
  stringEnd,
  valueEnd,
} from '../recording/json-scan';

/**
 * Where the values at a path stand in the text of a JSON object, so that they can be exchanged and
 * everything around them stays as it is. Of repeated members all are answered, not the last alone.
 *
 * The text must be valid JSON. As deep as the path is long, whatever the text.
 *
 * @param every a step that stands for all fields of an object and all entries of a list; null: none does
 * @example valueSpans('{"a":{"b":1.0}}', ['a', 'b']) // the range of 1.0
 */
export function valueSpans(text: string, path: Path, every: string | null = null): Span[] {
  const found: Span[] = [];
  visit(text, skipSpace(text, 0), { path, every }, found);
  return found;
}

interface Wanted {
  readonly path: Path;
  readonly every: string | null;
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
function visit(text: string, start: number, { path, every }: Wanted, found: Span[]): number {
  if (path.length === 0) {
    const end = valueEnd(text, start);
    found.push({ start, end });
    return end;
  }
  const first = text.charCodeAt(start);
  const isObject = first === OPEN_BRACE;
  if (!isObject && first !== OPEN_BRACKET) return valueEnd(text, start);
  const close = isObject ? CLOSE_BRACE : CLOSE_BRACKET;
  const rest = { path: path.slice(1), every };
  let at = skipSpace(text, start + 1);
  for (let index = 0; text.charCodeAt(at) !== close; index++) {
    let step = String(index);
    if (isObject) {
      const keyEnd = stringEnd(text, at);
      step = JSON.parse(text.slice(at, keyEnd)) as string;
      at = skipSpace(text, skipSpace(text, keyEnd) + 1);
    }
    at = step === path[0] || path[0] === every ? visit(text, at, rest, found) : valueEnd(text, at);
    at = skipSpace(text, at);
    if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1);
  }
  return at + 1;
}
