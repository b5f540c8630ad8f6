import { sha256OfUnits } from './sha256';

/** Longest text that an aggregate gets whole. */
export const INPUT_UNITS_MAX = 1_024;
/** What of a longer one it gets: more than `first`, `last` and `top` keep (`TEXT_UNITS_MAX`). */
const HEAD_UNITS = 512;

/**
 * A text for aggregates. Of a very long one its beginning and its digest: `first`, `last` and `top` keep
 * no more than a beginning, `distinct` needs nothing but that different texts differ, and whatever waits
 * to be folded holds no megabytes.
 */
export function inputText(text: string): string {
  return text.length <= INPUT_UNITS_MAX
    ? text
    : `${text.slice(0, HEAD_UNITS)}…${sha256OfUnits(text)}`;
}
