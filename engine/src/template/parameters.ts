import type { Path, TemplateDocument } from './document';

export type ParameterValue = string | readonly string[];

/**
 * The value of every parameter: the one given, else its default, checked as CloudFormation does.
 *
 * @throws TemplateError for a value that breaks its constraints, is missing, or belongs to no parameter
 */
export function readParameters(
  { root, fail }: TemplateDocument,
  given: Readonly<Record<string, string>>,
): Map<string, ParameterValue> {
  const declared = asRecord(root.Parameters);
  for (const name of Object.keys(given)) {
    if (!(name in declared)) fail(`the template has no parameter ${name}`, ['Parameters']);
  }
  const values = new Map<string, ParameterValue>();
  for (const [name, declaration] of Object.entries(declared)) {
    const path = ['Parameters', name];
    const rules = asRecord(declaration);
    const value = given[name] ?? rules.Default;
    if (value === undefined) return fail('has no default and was given no value', path);
    const type = String(rules.Type ?? 'String');
    const isList = type === 'CommaDelimitedList' || /^(AWS::SSM.*<)?List</.test(type);
    const items = isList ? splitList(value) : [String(value)];
    for (const item of items) check(item, type, rules, fail, path);
    values.set(name, isList ? items : items[0]!);
  }
  return values;
}

type Rules = Readonly<Record<string, unknown>>;

function check(
  value: string,
  type: string,
  rules: Rules,
  fail: TemplateDocument['fail'],
  path: Path,
): void {
  const says = (rule: string) =>
    fail(
      `${rule}, got "${value}"${rules.ConstraintDescription ? ` (${rules.ConstraintDescription})` : ''}`,
      path,
    );
  if (type.includes('Number')) {
    const number = Number(value);
    if (value.trim() === '' || !Number.isFinite(number)) says('expected a number');
    if (rules.MinValue !== undefined && number < Number(rules.MinValue)) {
      says(`expected at least ${rules.MinValue}`);
    }
    if (rules.MaxValue !== undefined && number > Number(rules.MaxValue)) {
      says(`expected at most ${rules.MaxValue}`);
    }
  }
  if (rules.MinLength !== undefined && value.length < Number(rules.MinLength)) {
    says(`expected at least ${rules.MinLength} characters`);
  }
  if (rules.MaxLength !== undefined && value.length > Number(rules.MaxLength)) {
    says(`expected at most ${rules.MaxLength} characters`);
  }
  if (rules.AllowedPattern !== undefined && !matches(String(rules.AllowedPattern), value)) {
    says(`expected to match ${rules.AllowedPattern}`);
  }
  const allowed = Array.isArray(rules.AllowedValues) ? rules.AllowedValues.map(String) : null;
  if (allowed !== null && !allowed.includes(value)) says(`expected one of ${allowed.join(', ')}`);
}

/** CloudFormation matches the whole value. */
function matches(pattern: string, value: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(value);
}

function splitList(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return String(value) === ''
    ? []
    : String(value)
        .split(',')
        .map((item) => item.trim());
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
