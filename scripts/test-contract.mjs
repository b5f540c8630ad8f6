// npm run test:contract: the contract of every port against every adapter. Those for AWS run against
// MiniStack, or against the endpoint that MILLRACE_ENDPOINT already names; Timestream against moto.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CannotRun, startMiniStack } from './ministack.mjs';
import { startMoto } from './moto.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const JEST = join(
  dirname(createRequire(import.meta.url).resolve('jest/package.json')),
  'bin/jest.js',
);

// Else every test file begins with a note on the Node versions of next year's SDK.
const QUIET_SDK = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

process.exitCode = await withMoto(process.argv.slice(2));

/** jest leaves *.moto.test.ts out when MILLRACE_MOTO_ENDPOINT is not set. */
async function withMoto(args) {
  if (process.env.MILLRACE_MOTO_ENDPOINT) return main(args);
  let moto;
  try {
    moto = await startMoto();
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    const code = await main(args);
    console.error(`\nSKIPPED: tests/contract/*.moto.test.ts (Timestream) did not run.`);
    console.error(`moto cannot run here: ${error.message}`);
    return code;
  }
  process.env.MILLRACE_MOTO_ENDPOINT = moto.url;
  try {
    return await main(args);
  } finally {
    await moto.stop();
  }
}

async function main(args) {
  if (process.env.MILLRACE_ENDPOINT) return jest(args, process.env.MILLRACE_ENDPOINT);
  let emulator;
  try {
    emulator = await startMiniStack();
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    const code = await jest(args);
    // Last, where it is read.
    console.error(`\nSKIPPED: tests/contract/*.aws.test.ts (DynamoDB, S3, Kinesis) did not run.`);
    console.error(`MiniStack cannot run here: ${error.message}`);
    return code;
  }
  try {
    return await jest(args, emulator.url);
  } finally {
    await emulator.stop();
  }
}

function jest(args, endpoint) {
  // Told on the command line too, so that it holds whatever the configuration says.
  const without = endpoint === undefined ? ['--testPathIgnorePatterns', '\\.aws\\.test\\.ts$'] : [];
  const chosen = args.some((arg) => !arg.startsWith('-')) ? [] : ['tests/contract'];
  const child = spawn(process.execPath, [JEST, ...chosen, ...args, ...without], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...QUIET_SDK, ...process.env, ...(endpoint && { MILLRACE_ENDPOINT: endpoint }) },
  });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
