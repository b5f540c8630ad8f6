// Starts MiniStack, the emulated DynamoDB, S3 and Kinesis of the contract tests, from a virtual
// environment it makes itself. Alone it prints the URL and runs until it is stopped:
//   node scripts/ministack.mjs
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CannotRun } from './cannot-run.mjs';

const VERSION = '1.5.33';
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VENV = join(ROOT, '.venv-ministack');
const MARKER = join(VENV, 'millrace-version');
const START_MS_MAX = 30_000;

export { CannotRun };

/**
 * Installs when needed and starts; `env` is added to its environment. Answers the URL and `stop`, which resolves when the process is gone.
 * Throws `CannotRun` with the reason when the machine lacks Python or the package index.
 */
export async function startMiniStack({ log = console.error, env = {} } = {}) {
  install(log);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const output = [];
  const child = spawn(pythonOf(VENV), ['-c', OUTLIVED_BY_PARENT, '-m', 'ministack'], {
    env: {
      ...process.env,
      ...env,
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      LAMBDA_EXECUTOR: 'local',
      LAMBDA_ACCOUNT_CONCURRENCY: '16',
      IOT_MTLS_ENABLED: '0',
      LOG_LEVEL: 'WARNING',
    },
    // Its standard input is held open by us: when we are gone, however that came, it ends.
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output.push(String(chunk));
      if (output.length > 200) output.shift();
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

// Runs the module named behind it and ends the process when the standard input does.
const OUTLIVED_BY_PARENT = `
import os, runpy, sys, threading
def watch():
    while os.read(0, 1024):
        pass
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
sys.argv = [sys.argv[2]]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
`;

function install(log) {
  if (existsSync(MARKER) && readFileSync(MARKER, 'utf8') === VERSION) return;
  const python = ['python3', 'python'].find(isNewEnough);
  if (python === undefined)
    throw new CannotRun('it needs Python 3.10 or newer, and none was found');
  log(`installing MiniStack ${VERSION} into .venv-ministack (once)`);
  rmSync(VENV, { recursive: true, force: true });
  run(python, ['-m', 'venv', VENV], 'Python cannot make a virtual environment');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries=1'];
  run(pythonOf(VENV), [...pip, `ministack[full]==${VERSION}`], 'pip cannot install MiniStack');
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
    if (child.exitCode !== null) throw new Error(`MiniStack ended with code ${child.exitCode}`);
    try {
      const answer = await fetch(`${url}/_ministack/health`, { signal: AbortSignal.timeout(1000) });
      if (answer.ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`MiniStack did not answer within ${START_MS_MAX} ms`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { url, stop } = await startMiniStack();
    console.log(url);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.once(signal, () => stop().then(() => process.exit(0)));
    }
  } catch (error) {
    console.error(error instanceof CannotRun ? `MiniStack cannot run: ${error.message}` : error);
    process.exitCode = 3;
  }
}
