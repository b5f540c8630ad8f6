import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseSync } from '@swc/core';
import { MUTANTS } from '../../scripts/mutants/all';
import { patched } from '../../scripts/mutants/patch';

const read = (file: string) => readFileSync(file, 'utf8');

/** `npm run test:mutants` takes half an hour: what a change to the code breaks in it shows here at once. */
describe('mutants', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    'finds its text exactly once, and leaves code: %s',
    (_, mutant) => {
      for (const [file, text] of patched(mutant, read)) {
        expect(text).not.toBe(read(file));
        if (file.endsWith('.ts')) parseSync(text, { syntax: 'typescript' });
      }
      if (mutant.test !== undefined) expect(read(mutant.test)).toContain("from '");
    },
  );

  it('have names of their own', () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('say when a text is not there, or there twice', () => {
    const mutant = (find: string) => ({
      ...{ name: 'm', rule: 'r' },
      patches: [{ file: 'a.ts', find, put: '' }],
    });
    const text = () => 'one two two';
    expect(() => patched(mutant('three'), text)).toThrow(
      'mutant "m": found 0 times in a.ts: three',
    );
    expect(() => patched(mutant('two'), text)).toThrow('mutant "m": found 2 times in a.ts: two');
    expect([...patched(mutant('one'), text)]).toEqual([['a.ts', ' two two']]);
  });

  it.each([
    ['--nothing', "test:mutants: Unknown option '--nothing' (see --help)\n"],
    ['--part=3/2', 'test:mutants: --part: expected a part as 1/2, got "3/2" (see --help)\n'],
    ['--seeds=x', 'test:mutants: --seeds: expected a whole number from 1, got "x" (see --help)\n'],
  ])('refuses %s in one line', (option, line) => {
    const args = ['node_modules/tsx/dist/cli.mjs', 'scripts/mutants/main.ts', option];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 2, stderr: line });
  });
});
