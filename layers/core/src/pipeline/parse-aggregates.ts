import { type Fields, openFields, readPath } from './fields';
import { hint } from './nearest';
import { AGGREGATE_OPS, type AggregateOp, type AggregateSpec } from './pipeline';
import type { At, Problems } from './problem';

export const TOP_K_DEFAULT = 10;
export const TOP_K_MAX = 1_000;

/** Fields that every row has; `__proto__` is no field that a row could have. */
export const RESERVED_OUTPUTS: readonly string[] = [
  'metric',
  'series',
  'start',
  'end',
  'rev',
  'late',
  'score',
  'anomaly',
  '__proto__',
];

export interface ParsedAggregates {
  readonly specs: readonly AggregateSpec[];
  /** False when some entry could not be read, so that a name missing from `specs` proves nothing. */
  readonly complete: boolean;
}

const EXAMPLE = 'a list of aggregates like ["count","mean"]';

export function parseAggregates(json: unknown, at: At, problems: Problems): ParsedAggregates {
  if (!Array.isArray(json) || json.length === 0) {
    problems.expected(at, EXAMPLE, json);
    return { specs: [], complete: false };
  }
  const specs: AggregateSpec[] = [];
  const outputs = new Map<string, number>();
  let complete = true;
  json.forEach((entry: unknown, index) => {
    const entryAt = [...at, String(index)];
    const spec = parseAggregate(entry, entryAt, problems);
    if (spec === undefined) {
      complete = false;
      return;
    }
    const first = outputs.get(spec.as);
    if (first !== undefined) {
      problems.error(
        entryAt,
        `output ${JSON.stringify(spec.as)} is already that of aggregate ${first}`,
      );
    }
    outputs.set(spec.as, first ?? index);
    specs.push(spec);
  });
  return { specs, complete };
}

function parseAggregate(json: unknown, at: At, problems: Problems): AggregateSpec | undefined {
  if (typeof json === 'string') {
    const op = readOp(json, at, problems);
    return op === undefined ? undefined : specOf(op, null, op, undefined);
  }
  const fields = openFields(
    json,
    at,
    problems,
    'an aggregate like "mean" or {"op":"mean","path":"cpu"}',
  );
  if (fields === undefined) return undefined;
  fields.refuseUnknown(['op', 'path', 'as', 'k']);
  const op = readOp(fields.get('op'), fields.at('op'), problems);
  const path = fields.has('path')
    ? readPath(fields.get('path'), fields.at('path'), problems)
    : null;
  const as = readOutput(fields, op);
  const k = readK(fields, op);
  if (op === undefined || path === undefined || as === undefined) return undefined;
  return specOf(op, path, as, k);
}

function specOf(
  op: AggregateOp,
  path: AggregateSpec['path'],
  as: string,
  k: number | undefined,
): AggregateSpec {
  return op === 'top' ? { op, path, as, k: k ?? TOP_K_DEFAULT } : { op, path, as };
}

function readOp(json: unknown, at: At, problems: Problems): AggregateOp | undefined {
  const op = AGGREGATE_OPS.find((candidate) => candidate === json);
  if (op !== undefined) return op;
  const expected = `one of ${AGGREGATE_OPS.join(', ')}`;
  if (typeof json === 'string') {
    problems.error(
      at,
      `expected ${expected}, got ${JSON.stringify(json.slice(0, 80))}${hint(json, AGGREGATE_OPS)}`,
    );
  } else {
    problems.expected(at, expected, json);
  }
  return undefined;
}

function readOutput(fields: Fields, op: AggregateOp | undefined): string | undefined {
  if (!fields.has('as')) return op;
  const as = fields.get('as');
  if (typeof as !== 'string' || as === '')
    return fields.expected('as', 'the name of an output field');
  if (!RESERVED_OUTPUTS.includes(as)) return as;
  return fields.expected('as', `a name other than ${RESERVED_OUTPUTS.join(', ')}`);
}

function readK(fields: Fields, op: AggregateOp | undefined): number | undefined {
  const k = fields.get('k');
  if (k === undefined) return undefined;
  if (op !== undefined && op !== 'top') {
    fields.error('k', `only "top" has a "k", not "${op}"`);
    return undefined;
  }
  if (typeof k === 'number' && Number.isInteger(k) && k >= 1 && k <= TOP_K_MAX) return k;
  return fields.expected('k', `a whole number from 1 to ${TOP_K_MAX}`);
}
