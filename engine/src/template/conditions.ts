import type { Path } from './document';
import type { Resolver } from './resolver';

/** Evaluates the Conditions section, each when it is first asked for. */
export function createConditions(
  declared: Readonly<Record<string, unknown>>,
  resolver: Resolver,
): (name: string, path: Path) => boolean {
  const known = new Map<string, boolean | 'in progress'>();

  const named = (name: string, path: Path): boolean => {
    const before = known.get(name);
    if (before === 'in progress') return resolver.fail(`condition ${name} depends on itself`, path);
    if (before !== undefined) return before;
    if (!(name in declared)) return resolver.fail(`there is no condition ${name}`, path);
    known.set(name, 'in progress');
    const answer = evaluate(declared[name], ['Conditions', name]);
    known.set(name, answer);
    return answer;
  };

  const evaluate = (expression: unknown, path: Path): boolean => {
    const entries = Object.entries((expression ?? {}) as Record<string, unknown>);
    const [name, argument] = entries.length === 1 ? entries[0]! : ['', undefined];
    const operands = Array.isArray(argument) ? argument : [];
    const each = () => operands.map((operand, index) => evaluate(operand, [...path, name, index]));
    if (name === 'Condition') return named(String(argument), path);
    if (name === 'Fn::And' && operands.length > 0) return each().every(Boolean);
    if (name === 'Fn::Or' && operands.length > 0) return each().some(Boolean);
    if (name === 'Fn::Not' && operands.length === 1) return !each()[0];
    if (name === 'Fn::Equals' && operands.length === 2) {
      const [left, right] = operands.map((operand, index) =>
        resolver.resolve(operand, [...path, name, index]),
      );
      return String(left) === String(right);
    }
    return resolver.fail('expected a condition: Fn::Equals, And, Or, Not or Condition', path);
  };
  return named;
}
