// What the emulators of AWS share: an environment of their own that is made once, a free port of the
// loopback, an end that comes with ours at the latest.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CannotRun } from './cannot-run.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const START_MS_MAX = 30_000;
const STOP_MS_MAX = 5000;
const OUTPUT_CHUNKS_MAX = 200;

/**
 * Makes `folder` with `make`, unless what is there was made for the same `version`. A folder that was
 * left half done is made anew.
 */
export function makeOnce({ folder, version }, make) {
  const marker = join(folder, 'millrace-version');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === version) return;
  rmSync(folder, { recursive: true, force: true });
  make();
  writeFileSync(marker, version);
}

/**
 * A Python virtual environment with one package in it, such as `moto[server]`; answers its Python.
 * Throws `CannotRun` with the reason when the machine lacks Python or the package index.
 */
export function pythonWith({ name, folder, requirement, version, log }) {
  const venv = join(ROOT, folder);
  makeOnce({ folder: venv, version }, () => {
    const python = ['python3', 'python'].find(isNewEnough);
    if (python === undefined) {
      throw new CannotRun('it needs Python 3.10 or newer, and none was found');
    }
    log(`installing ${name} ${version} into ${folder} (once)`);
    runOnce(python, ['-m', 'venv', venv], 'Python cannot make a virtual environment');
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries=1'];
    runOnce(pythonOf(venv), [...pip, `${requirement}==${version}`], `pip cannot install ${name}`);
  });
  return pythonOf(venv);
}

/** Python, before what is given to `-c`: ends the process when its standard input does. */
export const PYTHON_OUTLIVED_BY_PARENT = `
import os, sys, threading
def watch():
    while os.read(0, 1024):
        pass
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
`;

/**
 * Starts an emulator and waits until it answers. `command(port)` is what to start and `env(port)` what
 * its environment has besides: it listens on that port of 127.0.0.1, and ends when its standard input
 * does, which is held open by us: when we are gone, however that came, it ends.
 * Answers the URL and `stop`, which resolves when the process is gone.
 */
export async function startEmulator({ name, command, env = () => ({}), healthPath, isUp = isOk }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const [program, ...args] = command(port);
  const child = spawn(program, args, {
    env: { ...process.env, ...env(port) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
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
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await ended;
    clearTimeout(timer);
  }

  try {
    await answers({ name, url: `${url}${healthPath}`, child, isUp });
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${output.join('')}`);
  }
  return { url, stop };
}

/** `node scripts/NAME.mjs`: prints the URL and runs until it is stopped. */
export async function runAlone(moduleUrl, name, start) {
  if (process.argv[1] !== fileURLToPath(moduleUrl)) return;
  try {
    const { url, stop } = await start();
    console.log(url);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.once(signal, () => stop().then(() => process.exit(0)));
    }
  } catch (error) {
    console.error(error instanceof CannotRun ? `${name} cannot run: ${error.message}` : error);
    process.exitCode = 3;
  }
}

/** Runs a step of an installation; throws `CannotRun` with the end of what it said. */
export function runOnce(command, args, failure) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  const reason = error?.message ?? stderr.trim().split('\n').slice(-3).join('\n');
  throw new CannotRun(`${failure}: ${reason}`);
}

function isNewEnough(python) {
  const test = 'import sys; sys.exit(sys.version_info < (3, 10))';
  return spawnSync(python, ['-c', test]).status === 0;
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

const isOk = ({ ok }) => ok;

async function answers({ name, url, child, isUp }) {
  const until = Date.now() + START_MS_MAX;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`${name} ended with code ${child.exitCode}`);
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(1000) });
      if (isUp(answer)) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${name} did not answer within ${START_MS_MAX} ms`);
}
