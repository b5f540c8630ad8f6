import type { ChangeRecord } from './table-stream';

/** A pattern of FilterCriteria: fields down to lists of what a value may be. */
export type FilterPattern = { readonly [field: string]: FilterPattern | readonly Candidate[] };

/** The two forms that this engine knows; others are refused, or a filter would pass too much. */
export type Candidate = string | { readonly prefix: string };

/** Why the text is no pattern we can apply, or the pattern. */
export function parseFilter(text: string): FilterPattern | string {
  let pattern: unknown;
  try {
    pattern = JSON.parse(text);
  } catch {
    return `expected JSON text, got "${text}"`;
  }
  return complaintAbout(pattern, '') ?? (pattern as FilterPattern);
}

function complaintAbout(node: unknown, path: string): string | null {
  if (Array.isArray(node)) {
    const odd = node.find((candidate) => !isCandidate(candidate));
    if (odd === undefined) return null;
    return `${path}: the local engine knows strings and {"prefix": …}, got ${JSON.stringify(odd)}`;
  }
  if (typeof node !== 'object' || node === null) {
    return `${path}: expected an object or a list, got ${JSON.stringify(node)}`;
  }
  const complaints = Object.entries(node).map(([name, child]) =>
    complaintAbout(child, path === '' ? name : `${path}.${name}`),
  );
  return complaints.find((complaint) => complaint !== null) ?? null;
}

function isCandidate(candidate: unknown): boolean {
  if (typeof candidate === 'string') return true;
  if (typeof candidate !== 'object' || candidate === null) return false;
  const [[name, value] = ['', null], ...others] = Object.entries(candidate);
  return others.length === 0 && name === 'prefix' && typeof value === 'string';
}

/** Whether a record passes one of the filters; without filters every record does. */
export function passes(record: ChangeRecord, filters: readonly FilterPattern[]): boolean {
  return filters.length === 0 || filters.some((filter) => matches(record, filter));
}

function matches(value: unknown, pattern: FilterPattern | readonly Candidate[]): boolean {
  if (Array.isArray(pattern)) {
    return (pattern as readonly Candidate[]).some((candidate) =>
      typeof candidate === 'string'
        ? value === candidate
        : typeof value === 'string' && value.startsWith(candidate.prefix),
    );
  }
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(pattern).every(([name, part]) =>
    matches((value as Record<string, unknown>)[name], part),
  );
}
