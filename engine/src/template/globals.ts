type Map = Readonly<Record<string, unknown>>;

/**
 * Merges Globals into a resource's properties as SAM does: maps are merged, lists joined (the
 * global's first), anything else is the resource's own.
 */
export function mergeGlobals(globals: unknown, own: unknown): unknown {
  if (own === undefined) return globals;
  if (Array.isArray(globals) && Array.isArray(own)) return [...globals, ...own];
  if (!isMap(globals) || !isMap(own)) return own;
  const merged: Record<string, unknown> = { ...globals };
  for (const [name, value] of Object.entries(own))
    merged[name] = mergeGlobals(globals[name], value);
  return merged;
}

/** A function such as Fn::If is a value, not a map to look into. */
function isMap(value: unknown): value is Map {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !Object.keys(value).some((name) => name === 'Ref' || name.startsWith('Fn::'));
}
