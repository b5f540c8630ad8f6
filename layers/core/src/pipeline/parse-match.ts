import { parsePath } from '../record/path';
import { openFields } from './fields';
import type { MatchRule, Scalar } from './pipeline';
import type { At, Problems } from './problem';

const EXPECTED = 'a string, number, boolean or null, or a list of them';

/** Reads `{"path": scalar or list}`; every rule has to hold. Absent: no rule. */
export function parseMatch(json: unknown, at: At, problems: Problems): readonly MatchRule[] {
  if (json === undefined) return [];
  const fields = openFields(json, at, problems, 'an object like {"type":"host"}');
  if (fields === undefined) return [];
  const rules: MatchRule[] = [];
  for (const [text, wanted] of Object.entries(json as object)) {
    const ruleAt = [...at, text];
    const path = parsePath(text);
    if (typeof path === 'string') {
      problems.error(
        at,
        `expected paths like "a.b.0" as names, got ${JSON.stringify(text.slice(0, 80))} (${path})`,
      );
    }
    const anyOf = readValues(wanted, ruleAt, problems);
    if (typeof path !== 'string' && anyOf !== undefined) rules.push({ path, anyOf });
  }
  return rules;
}

function readValues(
  json: unknown,
  at: At,
  problems: Problems,
): readonly (Scalar | null)[] | undefined {
  if (isWanted(json)) return [json];
  if (!Array.isArray(json) || json.length === 0) {
    problems.expected(at, EXPECTED, json);
    return undefined;
  }
  const values: (Scalar | null)[] = [];
  json.forEach((value: unknown, index) => {
    if (isWanted(value)) values.push(value);
    else problems.expected([...at, String(index)], 'a string, number, boolean or null', value);
  });
  return values;
}

function isWanted(value: unknown): value is Scalar | null {
  // No record holds a number that JSON cannot write.
  if (typeof value === 'number') return Number.isFinite(value);
  const type = typeof value;
  return value === null || type === 'string' || type === 'boolean' || type === 'bigint';
}
