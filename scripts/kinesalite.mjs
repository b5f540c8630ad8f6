// Starts kinesalite, the emulated Kinesis of the tests that split and merge shards, from a folder of its
// own that npm fills once. Alone it prints the URL and runs until it is stopped: node scripts/kinesalite.mjs
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOnce, ROOT, runAlone, runOnce, startEmulator } from './emulator.mjs';

const VERSION = '3.3.3';
const FOLDER = '.venv-kinesalite';

/**
 * Installs when needed and starts. Answers the URL and `stop`, which resolves when the process is gone.
 * Throws `CannotRun` with the reason when the package index cannot be reached.
 */
export async function startKinesalite({ log = console.error } = {}) {
  const folder = join(ROOT, FOLDER);
  makeOnce({ folder, version: VERSION }, () => {
    log(`installing kinesalite ${VERSION} into ${FOLDER} (once)`);
    mkdirSync(folder);
    // Or npm would take the folder for a part of the workspaces around it.
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    // LevelDB is for streams that outlive the process.
    const options = ['--prefix', folder, '--omit=optional', '--no-audit', '--no-fund'];
    runOnce('npm', ['install', ...options, `kinesalite@${VERSION}`], 'npm cannot install it');
  });
  return startEmulator({
    name: 'kinesalite',
    command: (port) => [process.execPath, '-e', MAIN, folder, String(port)],
    healthPath: '/',
    // There is nothing it answers without a signature.
    isUp: ({ status }) => status === 403,
  });
}

// Its own command line listens on every address. Streams take a moment to become active, as on AWS.
const MAIN = `
  const [folder, port] = process.argv.slice(1);
  const kinesalite = require(folder + '/node_modules/kinesalite');
  process.stdin.on('end', () => process.exit(0)).resume();
  const momentsMs = { createStreamMs: 50, updateStreamMs: 50, deleteStreamMs: 50 };
  kinesalite({ ...momentsMs, shardLimit: 200 }).listen(Number(port), '127.0.0.1');
`;

await runAlone(import.meta.url, 'kinesalite', startKinesalite);
