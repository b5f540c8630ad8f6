// What the tests of tests/integration share: they run in jest, and end with a line that counts.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CannotRun } from './cannot-run.mjs';
import { ROOT } from './emulator.mjs';

const JEST = join(
  dirname(createRequire(import.meta.url).resolve('jest/package.json')),
  'bin/jest.js',
);

/** Never AWS: a developer's own credentials and profile stay out of every process. */
export const DUMMY_CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  // Empty is not unset to the SAM CLI: Node leaves a variable out that is undefined.
  AWS_SESSION_TOKEN: undefined,
  AWS_PROFILE: undefined,
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

/**
 * Runs `test`; prints `N passed, N failed`, or a SKIPPED line when this machine cannot run it.
 * @returns the exit code
 */
export async function counted(name, test) {
  try {
    const { passed, failed } = await test();
    console.log(`${passed} passed, ${failed} failed`);
    return failed === 0 && passed > 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    console.log(`SKIPPED: ${name}: ${error.message}`);
    return 0;
  }
}

/**
 * Makes sure of the SAM CLI, in exactly the version the template was tested with, whatever is on the
 * PATH. Throws `CannotRun` when there is no way to get it here.
 */
export function requireSam() {
  process.env.MILLRACE_SAM = 'venv';
  const { status } = spawnSync(process.execPath, ['scripts/sam.mjs', '--version'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new CannotRun('the SAM CLI cannot be had here; see above');
}

/** One test file; its report goes to the terminal. */
export async function jest(file, { args = [], env = {} }) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-report-'));
  const report = join(folder, 'report.json');
  const child = spawn(
    process.execPath,
    [JEST, '--runInBand', '--verbose', '--json', `--outputFile=${report}`, ...args, file],
    {
      cwd: ROOT,
      // Jest prints its own report on stderr, and the JSON, when it has no file, on stdout.
      stdio: ['ignore', 2, 2],
      env: { ...process.env, ...DUMMY_CREDENTIALS, ...env },
    },
  );
  try {
    await new Promise((resolve) => child.once('exit', resolve));
    const result = JSON.parse(readFileSync(report, 'utf8'));
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    return { passed: result.numPassedTests, failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
