import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { BugError } from '@millrace/core/error';
import type { Attribute, Item, Key } from '@millrace/core/port';

/** Throws `BugError` for numbers that do not survive the way to the table and back. */
export function toAttributeValue(value: Attribute): AttributeValue {
  switch (typeof value) {
    case 'string':
      return { S: value };
    case 'boolean':
      return { BOOL: value };
    default:
      if (!Number.isSafeInteger(value)) throw new BugError(`${value} is no safe integer`);
      return { N: String(value) };
  }
}

/**
 * What our own code never writes is read as NaN: one spoilt attribute of one item must not take the other
 * items of its request along. What needs the attribute finds that it is neither a text nor a whole number.
 */
export function fromAttributeValue(value: AttributeValue): Attribute {
  if (value.S !== undefined) return value.S;
  if (value.BOOL !== undefined) return value.BOOL;
  const number = Number(value.N ?? Number.NaN);
  return Number.isSafeInteger(number) ? number : Number.NaN;
}

export function toWireItem(item: Item): Record<string, AttributeValue> {
  const entries = Object.entries(item);
  return Object.fromEntries(entries.map(([name, value]) => [name, toAttributeValue(value)]));
}

export function fromWireItem(wire: Record<string, AttributeValue>): Item {
  const entries = Object.entries(wire);
  const values = entries.map(([name, value]) => [name, fromAttributeValue(value)] as const);
  return Object.fromEntries(values) as unknown as Item;
}

export function toWireKey({ pk, sk }: Key): Record<string, AttributeValue> {
  return { pk: { S: pk }, sk: { S: sk } };
}
