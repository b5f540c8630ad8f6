// Starts moto's server, the emulated Timestream of the contract tests, from a virtual environment it
// makes itself. Alone it prints the URL and runs until it is stopped: node scripts/moto.mjs
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CannotRun } from './cannot-run.mjs';

const VERSION = '5.2.5';
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VENV = join(ROOT, '.venv-moto');
const MARKER = join(VENV, 'millrace-version');
const START_MS_MAX = 30_000;
const OUTPUT_CHUNKS_MAX = 200;

/**
 * Installs when needed and starts. Answers the URL and `stop`, which resolves when the process is gone.
 * Throws `CannotRun` with the reason when the machine lacks Python or the package index.
 */
export async function startMoto({ log = console.error } = {}) {
  install(log);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = ['-c', OUTLIVED_BY_PARENT, '-H', '127.0.0.1', '-p', String(port)];
  // Its standard input is held open by us: when we are gone, however that came, it ends.
  const child = spawn(pythonOf(VENV), args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output.push(String(chunk));
      if (output.length > OUTPUT_CHUNKS_MAX) output.shift();
    });
  }
  const ended = new Promise((resolve) => child.once('exit', resolve));

  async function stop() {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(timer);
  }

  try {
    await healthy(url, child);
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${output.join('')}`);
  }
  return { url, stop };
}

// Runs the server and ends the process when the standard input does.
const OUTLIVED_BY_PARENT = `
import os, sys, threading
def watch():
    while os.read(0, 1024):
        pass
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
from moto.server import main
main(sys.argv[1:])
`;

function install(log) {
  if (existsSync(MARKER) && readFileSync(MARKER, 'utf8') === VERSION) return;
  const python = ['python3', 'python'].find(isNewEnough);
  if (python === undefined)
    throw new CannotRun('it needs Python 3.10 or newer, and none was found');
  log(`installing moto ${VERSION} into .venv-moto (once)`);
  rmSync(VENV, { recursive: true, force: true });
  run(python, ['-m', 'venv', VENV], 'Python cannot make a virtual environment');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries=1'];
  run(pythonOf(VENV), [...pip, `moto[server]==${VERSION}`], 'pip cannot install moto');
  writeFileSync(MARKER, VERSION);
}

function isNewEnough(python) {
  const test = 'import sys; sys.exit(sys.version_info < (3, 10))';
  return spawnSync(python, ['-c', test]).status === 0;
}

function run(command, args, failure) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  const reason = error?.message ?? stderr.trim().split('\n').slice(-3).join('\n');
  throw new CannotRun(`${failure}: ${reason}`);
}

function pythonOf(venv) {
  return process.platform === 'win32'
    ? join(venv, 'Scripts', 'python.exe')
    : join(venv, 'bin', 'python');
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function healthy(url, child) {
  const until = Date.now() + START_MS_MAX;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`moto ended with code ${child.exitCode}`);
    try {
      const answer = await fetch(`${url}/moto-api/data.json`, {
        signal: AbortSignal.timeout(1000),
      });
      if (answer.ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`moto did not answer within ${START_MS_MAX} ms`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { url, stop } = await startMoto();
    console.log(url);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.once(signal, () => stop().then(() => process.exit(0)));
    }
  } catch (error) {
    console.error(error instanceof CannotRun ? `moto cannot run: ${error.message}` : error);
    process.exitCode = 3;
  }
}
