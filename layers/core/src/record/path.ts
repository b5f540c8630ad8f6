import { plainInteger } from '../json/large-integer';
import type { Path } from '../pipeline/pipeline';

/**
 * Reads a dotted path: `a.b.0.c`; `\.` is a literal dot and `\\` a literal backslash, and so are `\$`
 * and `\[`, for fields that look like another path language. A backslash before anything else is itself.
 * Answers the steps, or what is wrong as text.
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
      if (step === '') return `a step is empty${rightWay(text)}`;
      steps.push(step);
      step = '';
    } else if (char === '\\' && ESCAPED.includes(text[at + 1] ?? ' ')) {
      step += text[++at];
    } else if (char === '$' && at === 0 && isRoot(text)) {
      return `a path has no "$", it begins with the first field${rightWay(text)}`;
    } else if (char === '[' && SUBSCRIPT.test(text.slice(at, at + SUBSCRIPT_UNITS_MAX))) {
      return `an entry of a list is a step of its own, without brackets${rightWay(text)}`;
    } else {
      step += char;
    }
  }
  return steps;
}

const ESCAPED = '.\\$[';

/** The root in JSONPath. `$oid` and the like are fields of real records. */
function isRoot(text: string): boolean {
  const next = text[1];
  return next === undefined || next === '.' || next === '[';
}

/** `[0]`, `[*]`, `[]`, `['a']`, as other path languages write the entry of a list or a field. */
const SUBSCRIPT = /^\[(?:-?\d*|\*|'[^']*'|"[^"]*")\]/;
const SUBSCRIPT_UNITS_MAX = 80;

/** `: write "a.0"`, or nothing when that would be no path either. */
function rightWay(text: string): string {
  const plain = text
    .replace(/^\$(?=[.[]|$)/, '')
    .replace(/\[(?:(\d+)|'([^']*)'|"([^"]*)"|-?\d*|\*)\]/g, (_, index, one, two) => {
      return `.${index ?? one ?? two ?? '0'}`;
    });
  const written = plain.split(/\.+/).filter((step) => step !== '');
  const path = written.join('.');
  return path === '' || typeof parsePath(path) === 'string' ? '' : `: write ${quoted(path)}`;
}

function quoted(path: string): string {
  return JSON.stringify(path.length > 80 ? `${path.slice(0, 80)}…` : path);
}

/** The inverse of `parsePath`. */
export function formatPath(path: Path): string {
  const [first = '', ...rest] = path.map((step) => step.replace(/[\\.[]/g, '\\$&'));
  return [isRoot(path[0] ?? ' ') && first.startsWith('$') ? `\\${first}` : first, ...rest].join(
    '.',
  );
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
  return typeof value === 'bigint' ? plainInteger(value) : value;
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
