/**
 * Runs the AWS SAM CLI: `node scripts/sam.mjs build`. A `sam` on the PATH is used as it is; without one,
 * or with MILLRACE_SAM=venv (as .ci/run sets it), a Python virtual environment with exactly the
 * versions of scripts/sam-requirements.txt, each file checked by its hash, is made in .venv-sam/ once, in
 * about a minute.
 * Exit code: SAM's own, or 3 when there is no way to get it here.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PYTHON_MINOR_MIN = 10;
/** The file lists everything, with hashes: nothing is resolved, and nothing else is let in. */
const PIP_INSTALL = [
  ...['install', '--quiet', '--disable-pip-version-check'],
  ...['--require-hashes', '--no-deps'],
];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const venv = join(root, '.venv-sam');
const binaries = join(venv, process.platform === 'win32' ? 'Scripts' : 'bin');
const requirementsFile = join(root, 'scripts', 'sam-requirements.txt');

const sam = process.env.MILLRACE_SAM !== 'venv' && onPath('sam') ? 'sam' : venvSam();
const run = spawnSync(sam, process.argv.slice(2), {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    // SAM looks for esbuild on the PATH when a build setting sends it past node_modules/.bin.
    PATH: `${join(root, 'node_modules', '.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`,
    SAM_CLI_TELEMETRY: process.env.SAM_CLI_TELEMETRY ?? '0',
    // `sam validate` asks for a region even when no call to AWS is made.
    AWS_DEFAULT_REGION: process.env.AWS_DEFAULT_REGION ?? process.env.AWS_REGION ?? 'us-east-1',
  },
});
if (run.error) stop(`Could not run ${sam}: ${run.error.message}`);
process.exit(run.status ?? 3);

/** Path of the environment's `sam`, made anew when its requirements changed or it was left half done. */
function venvSam() {
  const stamp = join(venv, 'requirements-installed.txt');
  const requirements = readFileSync(requirementsFile, 'utf8');
  const command = join(binaries, 'sam');
  if (existsSync(command) && existsSync(stamp) && readFileSync(stamp, 'utf8') === requirements) {
    return command;
  }
  const python = findPython();
  process.stderr.write('Installing the AWS SAM CLI into .venv-sam/ (once) ...\n');
  rmSync(venv, { recursive: true, force: true });
  step(
    python,
    ['-m', 'venv', venv],
    'make a virtual environment (on Debian: package python3-venv)',
  );
  step(
    join(binaries, 'python'),
    ['-m', 'pip', ...PIP_INSTALL, '-r', requirementsFile],
    'install the SAM CLI with pip',
  );
  writeFileSync(stamp, requirements);
  return command;
}

function findPython() {
  const enough = `import sys; sys.exit(0 if sys.version_info >= (3, ${PYTHON_MINOR_MIN}) else 1)`;
  const names = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
  const found = names.find((name) => spawnSync(name, ['-c', enough]).status === 0);
  return (
    found ??
    stop(
      `The SAM CLI is not on the PATH and cannot be installed: no Python 3.${PYTHON_MINOR_MIN} or newer.\n` +
        'Install either, then run this again.',
    )
  );
}

function step(command, args, what) {
  const done = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (done.status !== 0) {
    rmSync(venv, { recursive: true, force: true });
    stop(`Could not ${what}; the message is above.`);
  }
}

function onPath(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

function stop(message) {
  process.stderr.write(`${message}\n`);
  process.exit(3);
}
