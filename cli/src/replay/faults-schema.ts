import { type Field, KINDS } from './faults-fields';
import { PRESETS } from './faults-presets';

const DURATION = { type: 'string', pattern: '^(0|[1-9]\\d{0,8})(ms|s|m|h|d)$' };
const RATE = { type: 'number', minimum: 0, maximum: 1 };

/** The JSON schema of a fault plan, as docs/reference/faults.schema.json holds it. */
export function faultSchema(): unknown {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'A fault plan of millrace replay',
    description: `What --faults takes as a file. Presets: ${Object.keys(PRESETS).join(', ')}.`,
    type: 'object',
    required: ['version', 'faults'],
    additionalProperties: false,
    properties: {
      version: { const: 1 },
      calm: { ...RATE, description: 'Share of the invocations left alone; 0.3 by default.' },
      endAfter: {
        ...DURATION,
        description: 'Faults end so long after the last record; 2h by default.',
      },
      faults: { type: 'array', items: { oneOf: Object.keys(KINDS).map(kindSchema) } },
      only: {
        type: 'array',
        items: { type: 'string' },
        description: 'Names of the faults that may happen, as a failing run prints them.',
      },
    },
  };
}

function kindSchema(kind: string): unknown {
  const { what, fields } = KINDS[kind]!;
  const required = Object.keys(fields).filter((name) => !('optional' in fields[name]!));
  return {
    type: 'object',
    description: what,
    required: ['kind', ...required],
    additionalProperties: false,
    properties: {
      kind: { const: kind },
      ...Object.fromEntries(
        Object.entries(fields).map(([name, field]) => [name, fieldSchema(field)]),
      ),
    },
  };
}

function fieldSchema(field: Field): unknown {
  switch (field.type) {
    case 'rate':
      return RATE;
    case 'count':
      return { type: 'integer', minimum: 1, maximum: field.max };
    case 'duration':
      return DURATION;
    case 'durations':
      return { type: 'array', items: DURATION, minItems: 2, maxItems: 2 };
    case 'counts': {
      const items = { type: 'integer', minimum: field.min, maximum: field.max };
      return { type: 'array', items, minItems: 2, maxItems: 2 };
    }
    case 'lanes':
      return { type: 'array', items: { type: 'integer', minimum: 1, maximum: 10 }, minItems: 1 };
    case 'flag':
      return { type: 'boolean' };
    case 'choice':
      return { enum: field.of };
  }
}
