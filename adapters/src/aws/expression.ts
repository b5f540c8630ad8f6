import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { BugError } from '@millrace/core/error';
import type { Attribute, Condition, RangeQuery } from '@millrace/core/port';
import { toAttributeValue } from './attribute-value';

export interface Placeholders {
  /** Stands for an attribute name: hundreds of words are reserved in expressions. */
  name(attribute: string): string;
  value(value: Attribute): string;
  /** The two fields of a request; absent when empty, which DynamoDB insists on. */
  fields(): {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, AttributeValue>;
  };
}

export function createPlaceholders(): Placeholders {
  const names = new Map<string, string>();
  const values: Record<string, AttributeValue> = {};
  return {
    name(attribute) {
      const known = names.get(attribute) ?? `#n${names.size}`;
      names.set(attribute, known);
      return known;
    },
    value(value) {
      const placeholder = `:v${Object.keys(values).length}`;
      values[placeholder] = toAttributeValue(value);
      return placeholder;
    },
    fields: () => ({
      ...(names.size > 0 && {
        ExpressionAttributeNames: Object.fromEntries([...names].map(([name, key]) => [key, name])),
      }),
      ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    }),
  };
}

export function conditionExpression(
  condition: Condition | undefined,
  at: Placeholders,
): { ConditionExpression?: string } {
  switch (condition?.kind) {
    case undefined:
      return {};
    case 'absent':
      return { ConditionExpression: `attribute_not_exists(${at.name('pk')})` };
    case 'exists':
      return { ConditionExpression: `attribute_exists(${at.name('pk')})` };
    case 'equals': {
      const { attribute, value } = condition;
      return { ConditionExpression: `${at.name(attribute)} = ${at.value(value)}` };
    }
    case 'absentOrAtMost': {
      const name = at.name(condition.attribute);
      const atMost = `${name} <= ${at.value(condition.value)}`;
      return { ConditionExpression: `attribute_not_exists(${name}) OR ${atMost}` };
    }
  }
}

export function updateExpression(
  set: Readonly<Record<string, Attribute | null>>,
  at: Placeholders,
  added?: { readonly attribute: string; readonly by: number },
): { UpdateExpression?: string } {
  const setting: string[] = [];
  const removing: string[] = [];
  for (const [attribute, value] of Object.entries(set)) {
    if (value === null) removing.push(at.name(attribute));
    else setting.push(`${at.name(attribute)} = ${at.value(value)}`);
  }
  const adding = added ? [`${at.name(added.attribute)} ${at.value(added.by)}`] : [];
  const clauses = Object.entries({ SET: setting, REMOVE: removing, ADD: adding })
    .filter(([, parts]) => parts.length > 0)
    .map(([verb, parts]) => `${verb} ${parts.join(', ')}`);
  return clauses.length === 0 ? {} : { UpdateExpression: clauses.join(' ') };
}

export function rangeExpression(
  { pk, from, to }: Pick<RangeQuery, 'pk' | 'from' | 'to'>,
  names: { readonly partitionKey: string; readonly sortKey: string },
  at: Placeholders,
): { KeyConditionExpression: string } {
  const partition = `${at.name(names.partitionKey)} = ${at.value(pk)}`;
  if (from === undefined && to === undefined) return { KeyConditionExpression: partition };
  const sort = at.name(names.sortKey);
  const range =
    from === undefined
      ? `${sort} <= ${at.value(to!)}`
      : to === undefined
        ? `${sort} >= ${at.value(from)}`
        : `${sort} BETWEEN ${at.value(from)} AND ${at.value(to)}`;
  return { KeyConditionExpression: `${partition} AND ${range}` };
}

/** A page's last key, as text that callers only carry around. */
export function toPageToken(key: Record<string, AttributeValue> | undefined): string | undefined {
  return key && Buffer.from(JSON.stringify(key)).toString('base64url');
}

export function fromPageToken(token: string): Record<string, AttributeValue> {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch (cause) {
    throw new BugError('a page token that no page gave', { cause });
  }
}
