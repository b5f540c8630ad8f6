import type { Path } from '../pipeline/pipeline';

/**
 * Reads a dotted path: `a.b.0.c`; `\.` is a literal dot and `\\` a literal backslash. A backslash
 * before anything else is itself. Answers the steps, or what is wrong as text.
 *
 * @example parsePath('a.b\\.c') // ['a', 'b.c']
 */
export function parsePath(text: string): Path | string {
  if (text === '') return 'it is empty';
  const steps: string[] = [];
  let step = '';
  for (let at = 0; at <= text.length; at++) {
    const char = text[at];
    if (char === undefined || char === '.') {
      if (step === '') return 'a step is empty';
      steps.push(step);
      step = '';
    } else if (char === '\\' && (text[at + 1] === '.' || text[at + 1] === '\\')) {
      step += text[++at];
    } else {
      step += char;
    }
  }
  return steps;
}

/** The inverse of `parsePath`. */
export function formatPath(path: Path): string {
  return path.map((step) => step.replace(/[\\.]/g, '\\$&')).join('.');
}

/**
 * The value at a path, or undefined. Own properties only: `constructor`, `__proto__` and the
 * `length` of strings and lists are no fields, and list steps are canonical indexes.
 */
export function getPath(record: unknown, path: Path): unknown {
  let value = getStep(record, path[0] as string);
  for (let depth = 1; depth < path.length && value !== undefined; depth++) {
    value = getStep(value, path[depth] as string);
  }
  return value;
}

/**
 * Records are parsed JSON: their prototypes hold functions and objects only, so a scalar is always
 * an own property and the check is paid only for the rest (a third of the cost of a read).
 */
function getStep(container: unknown, step: string): unknown {
  if (typeof container !== 'object' || container === null) return undefined;
  if (Array.isArray(container)) return getIndex(container, step);
  const value = (container as { readonly [field: string]: unknown })[step];
  const type = typeof value;
  if (type === 'string' || type === 'number' || type === 'boolean') return value;
  return value !== undefined && Object.hasOwn(container, step) ? value : undefined;
}

function getIndex(list: readonly unknown[], step: string): unknown {
  const index = Number(step);
  return index >= 0 && index < list.length && String(index) === step ? list[index] : undefined;
}
