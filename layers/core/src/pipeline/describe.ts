import { printable } from '../text/printable';

const TEXT_UNITS_MAX = 80;

/** A JSON value as an error message shows it: always one line, never long. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') {
    const text = value.length > TEXT_UNITS_MAX ? `${value.slice(0, TEXT_UNITS_MAX)}…` : value;
    return printable(JSON.stringify(text));
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (value === Infinity || value === -Infinity) return 'a number beyond 1.8e308';
  return typeof value === 'function' ? 'a function' : String(value);
}
