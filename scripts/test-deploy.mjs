// npm run test:deploy: the unchanged template and bundles, deployed by the SAM CLI into MiniStack, fed
// through the Kinesis API and deleted again, and two stacks side by side; then README.md, docs/deploy.md and
// docs/operations.md of HEAD, followed word for word. npm run test:readme is the latter alone. Needs Python
// 3.10 or newer; makes its own environments.
import { spawnSync } from 'node:child_process';
import { awsCliFolder } from './aws-cli.mjs';
import { CannotRun } from './cannot-run.mjs';
import { ROOT } from './emulator.mjs';
import { counted, jest, requireSam } from './integration.mjs';
import { startMiniStack } from './ministack.mjs';
import { nodeForLambda } from './node24.mjs';

const DEPLOY = 'tests/integration/deploy.aws.test.ts';
const TWO_STACKS = 'tests/integration/two-stacks.aws.test.ts';
const README = 'tests/integration/readme.aws.test.ts';
const NO_CLONE = 'this is no git repository with a commit, so nothing can be cloned';
const isReadmeOnly = process.argv[2] === 'readme';

process.exitCode = await counted(`npm run test:${isReadmeOnly ? 'readme' : 'deploy'}`, async () => {
  const files = isReadmeOnly ? [] : [DEPLOY, TWO_STACKS];
  const commit = git('log', '-1', '--format=%h %s');
  if (commit !== '') files.push(README);
  else if (isReadmeOnly) throw new CannotRun(NO_CLONE);
  else console.error(`Not run here: npm run test:readme: ${NO_CLONE}`);
  requireSam();
  // The emulator runs functions with the `node` it finds first.
  const PATH = nodeForLambda();
  const total = { passed: 0, failed: 0 };
  for (const file of files) {
    if (file === README) sayWhatIsFollowed(commit);
    const { passed, failed } = await inEmptyAws(file, PATH);
    total.passed += passed;
    total.failed += failed;
  }
  return total;
});

async function inEmptyAws(file, PATH) {
  const emulator = await startMiniStack({ env: { PATH } });
  try {
    const env = { MILLRACE_ENDPOINT: emulator.url };
    return await jest(file, {
      env: file === README ? { ...env, MILLRACE_AWS_CLI: awsCliFolder() } : env,
    });
  } finally {
    await emulator.stop();
  }
}

/** The pages are followed as they were committed, whatever the working tree says meanwhile. */
function sayWhatIsFollowed(commit) {
  const changes = git('status', '--porcelain').split('\n').filter(Boolean).length;
  console.error(`\nREADME.md, docs/deploy.md and docs/operations.md of ${commit}`);
  if (changes > 0)
    console.error(`not followed: ${changes} files that are not committed as they are`);
}

/** What git says, or nothing where there is no git or no repository. */
function git(...args) {
  return (spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout ?? '').trim();
}
