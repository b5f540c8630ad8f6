import { identityOf } from '../json/large-integer';
import type { JsonRecord, MatchRule, Path } from '../pipeline/pipeline';
import { getPath } from './path';

/** From this many values on, a set beats comparing one by one. */
const SET_FROM = 8;

/** A match rule made ready: the only value allowed, or what `has` it. */
export interface CompiledRule {
  readonly path: Path;
  readonly only: unknown;
  readonly anyOf: { has(value: unknown): boolean } | null;
}

export function compileRule({ path, anyOf }: MatchRule): CompiledRule {
  const values: readonly unknown[] = anyOf.map(identity);
  if (values.length === 1) return { path, only: values[0], anyOf: null };
  const small = { has: (value: unknown) => values.includes(value) };
  return { path, only: undefined, anyOf: values.length < SET_FROM ? small : new Set(values) };
}

/** Whether every path equals its value or one of its list. No rule holds `undefined` (missing). */
export function matches(record: JsonRecord, rules: readonly CompiledRule[]): boolean {
  for (const rule of rules) {
    const value = identity(getPath(record, rule.path));
    if (rule.anyOf === null ? value !== rule.only : !rule.anyOf.has(value)) return false;
  }
  return true;
}

function identity(value: unknown): unknown {
  return typeof value === 'number' ? identityOf(value) : value;
}
