// Every function's bundle under the Node version of Lambda, away from the checkout and with nothing to
// reach. MILLRACE_BUNDLES names the output of `sam build`; without it the bundles are made here.
import { counted, jest } from './integration.mjs';
import { node24 } from './node24.mjs';

process.exitCode = await counted('bundles under Node 24', () => {
  const env = { MILLRACE_NODE: node24() };
  return jest('tests/integration/bundles.test.ts', { env });
});
