import { readdirSync, readFileSync } from 'node:fs';
import { resourcesOf, template } from './document';

const defaults = template();
const functions = resourcesOf(defaults, 'AWS::Serverless::Function');

describe('layout', () => {
  test('every folder of functions/ is a function of the template', () => {
    const folders = readdirSync('functions').map((name) => `functions/${name}`);

    expect(functions.map(([, { Properties }]) => Properties.CodeUri).sort()).toEqual(
      folders.sort(),
    );
  });

  test('no path below /opt is written down: layers lie elsewhere when run locally', () => {
    const sources = ['functions', 'adapters/src', 'layers/core/src'].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts'))
        .map((path) => `${folder}/${path}`),
    );
    const offenders = ['template.yaml', ...sources].filter((path) =>
      /['"` ]\/opt\//.test(readFileSync(path, 'utf8')),
    );

    expect(sources.length).toBeGreaterThan(10);
    expect(offenders).toEqual([]);
  });

  test('outputs name resources of the stack', () => {
    for (const { Value, Description } of Object.values(defaults.Outputs)) {
      const { Ref, 'Fn::GetAtt': attribute } = Value as Record<string, string & string[]>;
      expect(defaults.Resources).toHaveProperty(Ref ?? attribute?.[0] ?? 'nothing');
      expect(Description).not.toBe('');
    }
  });
});
