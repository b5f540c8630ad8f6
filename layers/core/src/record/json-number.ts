/** Whether a text is exactly a JSON number: no spaces, no plus sign, no leading zeros, no hex. */
export function isJsonNumber(text: string): boolean {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text);
}

/**
 * A finite number, or NaN: JSON numbers beyond the double range (`1e400`) read as infinite. With
 * `coerce` a string that is exactly a JSON number counts too.
 */
export function finiteNumber(value: unknown, coerce: boolean): number {
  if (typeof value === 'number') return Number.isFinite(value) ? value : Number.NaN;
  if (!coerce || typeof value !== 'string' || !isJsonNumber(value)) return Number.NaN;
  const number = Number(value);
  return Number.isFinite(number) ? number : Number.NaN;
}
