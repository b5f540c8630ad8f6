import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePipeline } from '@millrace/core/pipeline/parse';
import { AGGREGATE_OPS } from '@millrace/core/pipeline/pipeline';
import Ajv from 'ajv';
import { BAD_PIPELINES } from '../unit/core/pipeline/bad-pipelines';
import { GOOD_PIPELINES } from '../unit/core/pipeline/good-pipelines';

const root = join(__dirname, '..', '..');
const schema = JSON.parse(readFileSync(join(root, 'pipeline.schema.json'), 'utf8'));
const reference = readFileSync(join(root, 'docs', 'reference', 'pipeline.md'), 'utf8');
const validate = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(
  schema,
);

describe('pipeline.schema.json and the parser agree', () => {
  test.each(GOOD_PIPELINES)('$name is accepted by both', ({ json }) => {
    expect(validate(json)).toBe(true);
    expect(() => parsePipeline(json)).not.toThrow();
  });

  test.each(BAD_PIPELINES.filter((bad) => !bad.beyondSchema))(
    '$name is refused by both',
    ({ json }) => {
      expect(validate(json)).toBe(false);
      expect(() => parsePipeline(json)).toThrow();
    },
  );

  test.each(BAD_PIPELINES.filter((bad) => bad.beyondSchema))(
    '$name is left to the parser',
    ({ json }) => {
      expect(validate(json)).toBe(true);
      expect(() => parsePipeline(json)).toThrow();
    },
  );

  test('the schema knows the same aggregates', () => {
    expect(schema.definitions.op.enum).toEqual(AGGREGATE_OPS);
  });
});

describe('docs/reference/pipeline.md', () => {
  const examples = [...reference.matchAll(/```json\n([\s\S]*?)```/g)].map(
    (match) => match[1] as string,
  );

  test('has whole pipelines as examples, and each one parses', () => {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const json = JSON.parse(example);
      expect(() => parsePipeline(json)).not.toThrow();
      expect(validate(json)).toBe(true);
    }
  });

  const fields = ['metric', 'window', 'aggregate']
    .map((name) => schema.definitions[name])
    .flatMap((part) => Object.keys(part.properties ?? part.anyOf[1].properties));

  test.each(fields)('describes %s', (field) => {
    expect(reference).toContain(`\`${field}\``);
  });

  test.each(AGGREGATE_OPS.map((op) => [op]))('describes the aggregate %s', (op) => {
    expect(reference).toContain(`\`${op}\``);
  });
});
