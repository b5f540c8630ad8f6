// npm run test:contract: the contract of every port against every adapter. Those for AWS run against
// emulators that are started here, or that the variables below name already.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { CannotRun } from './cannot-run.mjs';
import { ROOT } from './emulator.mjs';
import { startKinesalite } from './kinesalite.mjs';
import { startMiniStack } from './ministack.mjs';
import { startMoto } from './moto.mjs';

const JEST = join(
  dirname(createRequire(import.meta.url).resolve('jest/package.json')),
  'bin/jest.js',
);

// Else every test file begins with a note on the Node versions of next year's SDK.
const QUIET_SDK = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

/** jest leaves the files of `kind` out when the variable of their emulator is not set. */
const EMULATORS = [
  {
    ...{ name: 'MiniStack', variable: 'MILLRACE_ENDPOINT', start: startMiniStack },
    ...{ kind: 'aws', holds: 'DynamoDB, S3, Kinesis' },
  },
  {
    ...{ name: 'moto', variable: 'MILLRACE_MOTO_ENDPOINT', start: startMoto },
    ...{ kind: 'moto', holds: 'Timestream' },
  },
  {
    ...{ name: 'kinesalite', variable: 'MILLRACE_KINESALITE_ENDPOINT', start: startKinesalite },
    ...{ kind: 'kinesalite', holds: 'Kinesis that reshards' },
  },
];

process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  const started = [];
  const missing = [];
  try {
    for (const emulator of EMULATORS) {
      if (process.env[emulator.variable]) continue;
      try {
        const { url, stop } = await emulator.start();
        started.push(stop);
        process.env[emulator.variable] = url;
      } catch (error) {
        if (!(error instanceof CannotRun)) throw error;
        missing.push({ ...emulator, reason: error.message });
      }
    }
    return await jest(args, missing);
  } finally {
    await Promise.all(started.map((stop) => stop()));
    // Last, where it is read.
    for (const { name, kind, holds, reason } of missing) {
      console.error(`\nSKIPPED: tests/contract/*.${kind}.test.ts (${holds}) did not run.`);
      console.error(`${name} cannot run here: ${reason}`);
    }
  }
}

function jest(args, missing) {
  // Told on the command line too, so that it holds whatever the configuration says.
  const without = missing.flatMap(({ kind }) => [
    '--testPathIgnorePatterns',
    `\\.${kind}\\.test\\.ts$`,
  ]);
  const chosen = args.some((arg) => !arg.startsWith('-')) ? [] : ['tests/contract'];
  const child = spawn(process.execPath, [JEST, ...chosen, ...args, ...without], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...QUIET_SDK, ...process.env },
  });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
