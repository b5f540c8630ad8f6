import type { Fields } from './fields';
import { hint } from './nearest';

/** A file name without folders or its ending. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** The optional `transform` of a pipeline or metric; `known` undefined leaves the name unchecked. */
export function parseTransformName(
  fields: Fields,
  known: ReadonlySet<string> | undefined,
): string | null {
  const name = fields.get('transform');
  if (name === undefined) return null;
  if (typeof name !== 'string' || !NAME.test(name)) {
    fields.expected('transform', 'the name of a file in transforms/, without its ending');
    return null;
  }
  if (known !== undefined && !known.has(name)) {
    fields.error('transform', `there is no transforms/${name}.ts${hint(name, known)}`);
  }
  return name;
}
