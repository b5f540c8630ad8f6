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
import { MUTANTS } from './all';
import type { Mutant } from './mutant';
import { readOptions } from './options';
import { patched } from './patch';

const OPTIONS = readOptions();

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
/** A mutant may make a test, or a seed, go on for ever. */
const TEST_MS_MAX = 120_000;
const SEEDS_MS_MAX = 900_000;
/** A red test shows what it expected: of refused records that is megabytes. */
const OUTPUT_BYTES_MAX = 1 << 28;
const TSX = resolve('node_modules/tsx/dist/cli.mjs');
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
function apply(copy: string, mutant: Mutant): () => void {
  const originals = new Map<string, string>();
  const read = (file: string) => {
    const text = readFileSync(join(copy, file), 'utf8');
    originals.set(file, text);
    return text;
  };
  for (const [file, text] of patched(mutant, read)) writeFileSync(join(copy, file), text);
  return () => {
    for (const [file, text] of originals) writeFileSync(join(copy, file), text);
  };
}

/** `status` is null when the time was over. */
function execute(copy: string, args: readonly string[], timeout: number) {
  const bounds = { cwd: copy, encoding: 'utf8', timeout, maxBuffer: OUTPUT_BYTES_MAX } as const;
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, bounds);
  if (error !== undefined && (error as { code?: unknown }).code !== 'ETIMEDOUT') throw error;
  return { status, stdout, stderr };
}

function runSeeds(copy: string, seeds?: Mutant['seeds']): string | null {
  const count = String(seeds?.count ?? OPTIONS.seeds);
  const plan = seeds === undefined ? [] : ['--plan', seeds.plan];
  const args = ['scripts/test-faults.ts', '--seeds', count, '--stop', ...plan];
  const { status, stdout, stderr } = execute(copy, [TSX, ...args], SEEDS_MS_MAX);
  if (status === 0) return null;
  if (status === null) return 'did not end';
  // A copy that does not even load says nothing about the protection.
  if (stdout.trim() === '') throw new Error(`the seeds did not start: ${stderr.trim()}`);
  return stdout.trim().split('\n')[0] ?? null;
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
  const { status, stderr } = execute(copy, args, 2 * TEST_MS_MAX);
  if (status === 0) return null;
  if (status === null) return `${test}: did not end`;
  const failed = stderr.split('\n').find((line) => line.includes('●'));
  if (failed === undefined || failed.includes('Test suite failed to run')) {
    throw new Error(`${test} did not start: ${stderr}`);
  }
  return `${test}: ${failed.replace('●', '').trim()}`;
}

function main(): void {
  const { only, part, skipCalm } = OPTIONS;
  const wanted = MUTANTS.filter(
    ({ name }, at) => at % part.of === part.at - 1 && only.some((text) => name.includes(text)),
  );
  const copy = copyTree();
  const endings: Ending[] = [];
  try {
    const calm = skipCalm ? null : runCalm(copy, wanted);
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
