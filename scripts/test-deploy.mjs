// npm run test:deploy: the unchanged template and bundles, deployed by the SAM CLI into MiniStack, fed
// through the Kinesis API and deleted again. Needs Python 3.10 or newer; makes its own environments.
import { counted, jest, requireSam } from './integration.mjs';
import { startMiniStack } from './ministack.mjs';
import { nodeForLambda } from './node24.mjs';

process.exitCode = await counted('npm run test:deploy', async () => {
  requireSam();
  // The emulator runs functions with the `node` it finds first.
  const emulator = await startMiniStack({ env: { PATH: nodeForLambda() } });
  try {
    return await jest('tests/integration/deploy.aws.test.ts', {
      env: { MILLRACE_ENDPOINT: emulator.url },
    });
  } finally {
    await emulator.stop();
  }
});
