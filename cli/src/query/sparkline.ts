const BARS = '▁▂▃▄▅▆▇█';

/** Values as bars between their least and their greatest; a window without a number is a gap. */
export function sparkline(values: readonly (number | null)[]): string {
  const numbers = values.filter((value) => value !== null);
  const low = Math.min(...numbers);
  const span = Math.max(...numbers) - low;
  return values
    .map((value) => {
      if (value === null) return ' ';
      // Infinite differences of huge numbers are no reason to stop.
      const share = span > 0 && Number.isFinite(span) ? (value - low) / span : 0;
      return BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))];
    })
    .join('');
}
