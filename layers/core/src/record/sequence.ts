/**
 * Compares two sequence numbers as the numbers they are: by length, then by text.
 *
 * They have about 56 digits, so neither a JavaScript nor a DynamoDB number holds them. Ticks of the
 * local engine may stand between two adjacent numbers as `last.1`, `last.2`.
 *
 * @example compareSequence('99', '100') < 0
 */
export function compareSequence(a: string, b: string): number {
  if (a === b) return 0;
  const dotA = a.indexOf('.');
  const dotB = b.indexOf('.');
  if (dotA < 0 && dotB < 0) return compareDigits(a, b);
  const whole = compareDigits(dotA < 0 ? a : a.slice(0, dotA), dotB < 0 ? b : b.slice(0, dotB));
  if (whole !== 0) return whole;
  return Number(dotA < 0 ? 0 : a.slice(dotA + 1)) - Number(dotB < 0 ? 0 : b.slice(dotB + 1));
}

function compareDigits(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether (sequence, sub) is at or below a high-water mark, so that the state already holds it. */
export function isAtOrBelow(
  sequence: string,
  sub: number,
  mark: { readonly sequence: string; readonly sub: number },
): boolean {
  const order = compareSequence(sequence, mark.sequence);
  return order < 0 || (order === 0 && sub <= mark.sub);
}
