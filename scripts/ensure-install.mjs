/**
 * Makes `npm start` and `npm test` work on a fresh clone: runs `npm ci` when node_modules is missing
 * or does not hold what package-lock.json says. Quiet unless it installs. Plain Node, because it runs
 * before any dependency is there, and old syntax, because it must be able to refuse an old Node.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 20;
const root = dirname(dirname(fileURLToPath(import.meta.url)));

const nodeMajor = Number(process.versions.node.split('.')[0]);
if (nodeMajor < NODE_MAJOR_MIN) {
  stop(`Millrace needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.version}.`);
}

const reason = staleReason();
if (reason) {
  process.stderr.write(`Installing dependencies (${reason}) ...\n`);
  // Development dependencies are part of it even under NODE_ENV=production: esbuild builds, jest tests.
  // npm's progress belongs to stderr: the command that started us may promise JSON on stdout.
  const npm = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (npm.error) stop(`Could not run npm: ${npm.error.message}`);
  if (npm.status !== 0) stop('npm ci failed; its message is above.');
}

/** Why node_modules must be installed, or null. By content: a checkout changes times of equal files. */
function staleReason() {
  const wanted = readLock(join(root, 'package-lock.json'));
  if (!wanted) stop('package-lock.json is missing or unreadable: this is not a complete checkout.');
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'));
  if (!installed) return existsSync(join(root, 'node_modules')) ? 'incomplete' : 'first run';
  for (const [path, want] of Object.entries(wanted)) {
    if (!path.includes('node_modules/')) continue;
    const have = installed[path];
    // npm leaves out optional packages made for another platform.
    if (!have && want.optional) continue;
    if (!have) return `${path} is missing`;
    if (have.version !== want.version || have.integrity !== want.integrity)
      return `${path} changed`;
  }
  return null;
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages || null;
  } catch (_) {
    return null;
  }
}

function stop(message) {
  process.stderr.write(`${message}\n`);
  process.exit(3);
}
