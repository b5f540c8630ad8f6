const STEPS: readonly (readonly [number, string])[] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e4, 'k'],
];

/** `1.24`, `93.4`, `184k`, `1e+200`: three digits or so, as a person reads them. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size !== 0 && size < 1e-4)) return value.toExponential(1);
  for (const [step, suffix] of STEPS) {
    if (size >= step) {
      const shown = value / (suffix === 'k' ? 1e3 : step);
      return `${trim(shown, Math.abs(shown) >= 100 ? 0 : 1)}${suffix}`;
    }
  }
  if (size >= 1000) return trim(value, 0);
  return trim(value, size >= 100 ? 1 : size >= 1 ? 2 : 4);
}

function trim(value: number, decimals: number): string {
  return String(Number(value.toFixed(decimals)) + 0);
}

/** `45s`, `3m`, `2h 05m`, `6d 4h`. */
export function durationText(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  const pair = (big: number, bigUnit: string, small: number, smallUnit: string) => {
    const rest = Math.floor((seconds % big) / small);
    return `${Math.floor(seconds / big)}${bigUnit}${rest === 0 ? '' : ` ${rest}${smallUnit}`}`;
  };
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return pair(60, 'm', 1, 's');
  return seconds < 86_400 ? pair(3600, 'h', 60, 'm') : pair(86_400, 'd', 3600, 'h');
}

/** `2026-11-24 10:05:40`, UTC. */
export function momentText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

/** `10:05:40`, or with its date when the report spans more than a day. */
export function clockText(ms: number, spanMs: number): string {
  const text = momentText(ms);
  return spanMs > 86_400_000 ? text.slice(0, 16) : text.slice(11);
}
