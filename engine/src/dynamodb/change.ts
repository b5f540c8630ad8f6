/** Attributes as the engine's stores hold them: flat. */
export type AttributeMap = Readonly<Record<string, string | number | boolean>>;

/** One write of a table: the item before it and after it. */
export interface TableChange {
  readonly old: AttributeMap | undefined;
  readonly next: AttributeMap | undefined;
}

export type ChangeName = 'INSERT' | 'MODIFY' | 'REMOVE';

/** What a stream calls the change; null for a write that changed nothing, which it leaves out. */
export function nameOfChange({ old, next }: TableChange): ChangeName | null {
  if (next === undefined) return old === undefined ? null : 'REMOVE';
  if (old === undefined) return 'INSERT';
  return sameAttributes(old, next) ? null : 'MODIFY';
}

function sameAttributes(a: AttributeMap, b: AttributeMap): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

type WireValue = { readonly S: string } | { readonly N: string } | { readonly BOOL: boolean };

/** An item as events carry it: every value under the name of its type. */
export function wireItem(item: AttributeMap): Record<string, WireValue> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, wireValue(value)]));
}

function wireValue(value: string | number | boolean): WireValue {
  if (typeof value === 'string') return { S: value };
  return typeof value === 'number' ? { N: String(value) } : { BOOL: value };
}
