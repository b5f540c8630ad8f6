/** SNS takes the characters of XML 1.0 and refuses a message with any other, the rest of it too. */
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const SUBJECT_CHARACTERS_MAX = 100;

/** A subject is ASCII on one line, at most 100 characters, and does not begin with a space. */
export function subjectOf(text: string): string {
  const ascii = text.replace(/[^\u0020-\u007e]/gu, '?').trimStart();
  if (ascii.length <= SUBJECT_CHARACTERS_MAX) return ascii;
  return `${ascii.slice(0, SUBJECT_CHARACTERS_MAX - 3)}...`;
}

/** For JSON text: a character that SNS would refuse is written as the escape that means the same. */
export function escaped(json: string): string {
  return json.replace(
    NOT_XML,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** For attributes, which have no escapes. */
export function replaced(text: string): string {
  return text.replace(NOT_XML, '\ufffd');
}
