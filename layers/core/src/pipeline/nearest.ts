const DISTANCE_MAX = 2;

/** The known name a misspelt one most likely means, or null. Case does not count. */
export function nearest(name: string, known: Iterable<string>): string | null {
  if (name.length > 64) return null;
  let best: string | null = null;
  // Short words are near to everything: one letter in four may be wrong.
  let bestDistance = Math.min(DISTANCE_MAX, Math.max(1, Math.floor(name.length / 4))) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions and replacements between two short texts. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** `, did you mean "window"?`, or nothing. */
export function hint(name: string, known: Iterable<string>): string {
  const meant = nearest(name, known);
  return meant === null ? '' : `, did you mean "${meant}"?`;
}
