/**
 * What a terminal obeys, or shows as nothing: controls (C0, DEL, C1), format characters (overrides of
 * the writing direction, zero width), separators of lines and paragraphs, halves of surrogate pairs,
 * and what Unicode calls "default ignorable" (fillers, variation selectors).
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Text of others as one line that a person may be shown: what a terminal would obey, and what cannot
 * be seen, is written as `\u001b`. Of JSON text without line breaks the result is the same JSON.
 *
 * Twice is as good as once. A backslash stays as it is, so `\u001b` may also have been these six
 * characters: the exact text is in the JSON output.
 *
 * @example printable('\u001b[2Jweb-1') === '\\u001b[2Jweb-1'
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** Unit by unit, as JSON writes it: two escapes for a character beyond U+FFFF. */
function escaped(character: string): string {
  let text = '';
  for (let at = 0; at < character.length; at += 1) {
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }
  return text;
}
