import { isTooLong } from '../json/large-integer';
import { printable } from '../text/printable';

const TEXT_UNITS_MAX = 80;

/** A JSON value as an error message shows it: always one line, never long. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') {
    return printable(JSON.stringify(shown(value)));
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (value === Infinity || value === -Infinity) return 'a number beyond 1.8e308';
  if (typeof value === 'bigint')
    return isTooLong(value) ? 'an integer too long' : shown(String(value));
  return typeof value === 'function' ? 'a function' : String(value);
}

function shown(text: string): string {
  return text.length > TEXT_UNITS_MAX ? `${text.slice(0, TEXT_UNITS_MAX)}…` : text;
}
