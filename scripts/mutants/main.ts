/**
 * `npm run test:mutants`: takes one protection away at a time, in a copy of the tree, and runs the seeds
 * of the fault suite until one is red, or the property test that knows of it. A mutant that lives means
 * that nothing tests that protection.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MUTANTS } from './all';
import type { Mutant } from './mutant';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '80' },
    only: { type: 'string' },
    'skip-calm': { type: 'boolean', default: false },
  },
});

const FOLDERS = [
  'layers',
  'adapters',
  'engine',
  'cli',
  'functions',
  'transforms',
  'scripts',
  'tests',
  'events',
];
const FILES = [
  'template.yaml',
  'pipeline.json',
  'package.json',
  'tsconfig.json',
  'jest.config.mjs',
];
/** A mutant may make a test go on for ever. */
const TEST_MS_MAX = 120_000;
const say = (line: string) => process.stdout.write(`${line}\n`);

interface Ending {
  readonly mutant: Mutant;
  readonly killedBy: string | null;
}

function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'millrace-mutants-'));
  const filter = (path: string) => !/\/(node_modules|\.aws-sam|recordings)$/.test(path);
  for (const folder of FOLDERS) cpSync(folder, join(copy, folder), { recursive: true, filter });
  for (const file of FILES) cpSync(file, join(copy, file));
  mkdirSync(join(copy, 'node_modules', '@millrace'), { recursive: true });
  for (const name of readdirSync('node_modules')) {
    if (name === '@millrace') continue;
    symlinkSync(resolve('node_modules', name), join(copy, 'node_modules', name));
  }
  // The root has another version of what the command line needs.
  symlinkSync(resolve('cli/node_modules'), join(copy, 'cli/node_modules'));
  // Workspace packages must be those of the copy, or the mutants would not be loaded.
  const packages = { core: 'layers/core', adapters: 'adapters', engine: 'engine', cli: 'cli' };
  for (const [name, folder] of Object.entries(packages)) {
    symlinkSync(join(copy, folder), join(copy, 'node_modules', '@millrace', name));
  }
  return copy;
}

/** Changes the copy; answers how to undo it. */
function apply(copy: string, { name, patches }: Mutant): () => void {
  const originals = new Map<string, string>();
  for (const { file, find, put } of patches) {
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    if (!originals.has(path)) originals.set(path, text);
    const found = text.split(find).length - 1;
    if (found !== 1) throw new Error(`mutant "${name}": found ${found} times in ${file}: ${find}`);
    writeFileSync(
      path,
      text.replace(find, () => put),
    );
  }
  return () => {
    for (const [path, text] of originals) writeFileSync(path, text);
  };
}

function runSeeds(copy: string, seeds?: Mutant['seeds']): string | null {
  const count = String(seeds?.count ?? values.seeds);
  const plan = seeds === undefined ? [] : ['--plan', seeds.plan];
  const args = ['tsx', 'scripts/test-faults.ts', '--seeds', count, '--stop', ...plan];
  const { status, stdout } = spawnSync('npx', args, { cwd: copy, encoding: 'utf8' });
  if (status === 0) return null;
  return stdout.trim().split('\n')[0] ?? 'died without a word';
}

/** What is red without a mutant proves nothing about one. */
function runCalm(copy: string, wanted: readonly Mutant[]): string | null {
  const tests = new Set(wanted.flatMap(({ test }) => test ?? []));
  for (const test of tests) {
    const red = runTest(copy, test);
    if (red !== null) return red;
  }
  return wanted.some(({ test }) => test === undefined) ? runSeeds(copy) : null;
}

/** Answers the first line about a failure. */
function runTest(copy: string, test: string): string | null {
  const jest = resolve('node_modules/jest/bin/jest.js');
  const args = [jest, test, '--ci', '--runInBand', '--testTimeout', String(TEST_MS_MAX)];
  const bounds = { cwd: copy, encoding: 'utf8', timeout: 2 * TEST_MS_MAX } as const;
  const { status, stderr } = spawnSync(process.execPath, args, bounds);
  if (status === 0) return null;
  if (status === null) return `${test}: did not end`;
  const failed = stderr.split('\n').find((line) => line.includes('●'));
  return `${test}: ${failed?.replace('●', '').trim() ?? 'died without a word'}`;
}

function main(): void {
  // Parts of names, with commas between them.
  const parts = (values.only ?? '').split(',');
  const wanted = MUTANTS.filter(({ name }) => parts.some((part) => name.includes(part)));
  const copy = copyTree();
  const endings: Ending[] = [];
  try {
    const calm = values['skip-calm'] ? null : runCalm(copy, wanted);
    if (calm !== null) throw new Error(`the suite is red without a mutant: ${calm}`);
    for (const mutant of wanted) {
      const undo = apply(copy, mutant);
      const killedBy =
        mutant.test === undefined ? runSeeds(copy, mutant.seeds) : runTest(copy, mutant.test);
      undo();
      endings.push({ mutant, killedBy });
      say(
        `| ${mutant.name} | ${killedBy ?? `lives${mutant.survives ? `: ${mutant.survives}` : ''}`} |`,
      );
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const alive = endings.filter(({ mutant, killedBy }) => killedBy === null && !mutant.survives);
  say(`${endings.filter(({ killedBy }) => killedBy !== null).length} of ${endings.length} killed`);
  for (const { mutant } of alive) say(`alive: ${mutant.name}`);
  process.exitCode = alive.length > 0 ? 1 : 0;
}

main();
