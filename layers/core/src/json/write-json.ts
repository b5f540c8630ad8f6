/**
 * `JSON.stringify` for plain JSON data that may hold bigints: they are written as number literals, with
 * all their digits. `indent` spaces a level; 0 is one line.
 *
 * @example jsonText({ id: 9007199254740993n }) === '{"id":9007199254740993}'
 */
export function jsonText(value: unknown, indent = 0): string {
  try {
    return JSON.stringify(value, null, indent);
  } catch (error) {
    // What it says of a bigint. Rare, so that looking for one beforehand would cost more.
    if (!(error instanceof TypeError)) throw error;
    return write(value, indent, '\n') ?? 'null';
  }
}

/** Undefined for what JSON leaves out of an object. */
function write(value: unknown, indent: number, lineBreak: string): string | undefined {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = lineBreak + ' '.repeat(indent);
  if (Array.isArray(value)) {
    const entries = value.map((entry) => write(entry, indent, inner) ?? 'null');
    return bracketed('[', entries, ']', { indent, inner, lineBreak });
  }
  const fields = Object.entries(value).flatMap(([name, field]) => {
    const text = write(field, indent, inner);
    return text === undefined ? [] : [`${JSON.stringify(name)}:${indent > 0 ? ' ' : ''}${text}`];
  });
  return bracketed('{', fields, '}', { indent, inner, lineBreak });
}

function bracketed(
  open: string,
  parts: readonly string[],
  close: string,
  { indent, inner, lineBreak }: { indent: number; inner: string; lineBreak: string },
): string {
  if (parts.length === 0 || indent === 0) return `${open}${parts.join(',')}${close}`;
  return `${open}${inner}${parts.join(`,${inner}`)}${lineBreak}${close}`;
}
