import { type Properties, resourcesOf, templateText } from '../../template/document';
import type { Need } from './need';
import type { Stack } from './stack';

export interface Statement {
  readonly sid: string;
  readonly actions: readonly string[];
  /** ARNs, with wildcards. */
  readonly resources: readonly string[];
  /** Patterns of `dynamodb:LeadingKeys`, all of which must match; null = any key. */
  readonly leadingKeys: readonly string[] | null;
  /** The one service through which a key may be used; null = any, also the caller itself. */
  readonly via: string | null;
  /** The comment above it in the template. */
  readonly reason: string;
}

export function functionsOf({ document }: Stack): string[] {
  return resourcesOf(document, 'AWS::Serverless::Function').map(([name]) => name);
}

/** All that the role of a function is allowed. */
export function statementsOf(name: string, stack: Stack): Statement[] {
  const role = roleOf(name, stack);
  const policies: Properties[] = stack.document.Resources[role]?.Properties.Policies ?? [];
  return policies.flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.map((statement: Properties) => {
      const { Sid: sid = '', Effect, Action, Resource, Condition, ...rest } = statement;
      if (Effect !== 'Allow' || Object.keys(rest).length > 0) {
        throw new Error(
          `permissions: what does ${sid} of ${role} mean? Say it in policy/statement.ts`,
        );
      }
      return {
        sid,
        actions: [Action].flat(),
        resources: [Resource].flat().map(stack.text),
        ...conditionOf(Condition, stack),
        reason: reasonOf(role, sid),
      };
    }),
  );
}

export function roleOf(name: string, { document }: Stack): string {
  return document.Resources[name]?.Properties.Role['Fn::GetAtt'][0];
}

function conditionOf(condition: Properties, stack: Stack): Pick<Statement, 'leadingKeys' | 'via'> {
  if (condition === undefined) return { leadingKeys: null, via: null };
  const { 'ForAllValues:StringLike': onKeys, StringEquals: equal, ...others } = condition;
  const { 'dynamodb:LeadingKeys': keys, ...otherKeys } = onKeys ?? {};
  const { 'kms:ViaService': host, ...otherValues } = equal ?? {};
  if (Object.keys({ ...others, ...otherKeys, ...otherValues }).length > 0) {
    throw new Error(`permissions: an unknown condition: ${JSON.stringify(condition)}`);
  }
  const [, via] = /^(\w+)\.us-east-1\.amazonaws\.com$/.exec(host ? stack.text(host) : '') ?? [];
  if (host !== undefined && via === undefined) {
    throw new Error(`permissions: no host of a service: ${JSON.stringify(host)}`);
  }
  return { leadingKeys: keys === undefined ? null : [keys].flat(), via: via ?? null };
}

/** The lines of comment right above the statement, in the block of the role or where its alias points. */
function reasonOf(role: string, sid: string): string {
  const lines = templateText.split('\n');
  const from = lines.indexOf(`  ${role}:`);
  const isIt = (line: string | undefined) => line?.trim() === `- Sid: ${sid}`;
  const own = lines.findIndex((line, index) => index > from && isIt(line));
  const at = own < 0 ? lines.findIndex(isIt) : own;
  const comment: string[] = [];
  for (let above = at - 1; above > 0; above--) {
    const [, text] = /^ *# (.*)$/.exec(lines[above] ?? '') ?? [];
    if (text === undefined) break;
    comment.unshift(text);
  }
  return comment.join(' ');
}

/**
 * Whether the statement alone allows the request: IAM never adds up parts of two. A request without
 * keys, a scan, passes a condition on keys, as `ForAllValues` has it: such actions must not be granted.
 */
export function allows(statement: Statement, need: Need): boolean {
  return (
    statement.actions.includes(need.action) &&
    statement.resources.some((pattern) => isLike(need.resource, pattern)) &&
    (statement.via === null || statement.via === need.via) &&
    (statement.leadingKeys === null ||
      need.leadingKeys.every((key) =>
        statement.leadingKeys?.some((pattern) => isLike(key, pattern)),
      ))
  );
}

/** `*` stands for any text, `?` for one character. */
export function isLike(text: string, pattern: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);
}

/** Parts of a statement that no request needs: an action on a resource, or a pattern of keys. */
export function unusedParts(statement: Statement, needs: readonly Need[], stack: Stack): string[] {
  const used = needs.filter((need) => allows(statement, need));
  const grants = statement.actions.flatMap((action) =>
    statement.resources
      .filter(
        (pattern) => !used.some((need) => need.action === action && isLike(need.resource, pattern)),
      )
      .map((pattern) => `${action} ${stack.logical(pattern)}`),
  );
  const keys = (statement.leadingKeys ?? []).filter(
    (pattern) => !used.some(({ leadingKeys }) => leadingKeys.some((key) => isLike(key, pattern))),
  );
  return [...grants, ...keys.map((pattern) => `${statement.sid}: keys ${pattern}`)];
}
