#!/usr/bin/env node
// Plain JavaScript, so that any Node can at least read it: runs the TypeScript next to it.
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 20;

async function start() {
  const version = process.versions.node;
  if (Number.parseInt(version, 10) < NODE_MAJOR_MIN) {
    process.stderr.write(`millrace: expected Node.js ${NODE_MAJOR_MIN} or newer, got ${version}\n`);
    return 2;
  }
  const { register } = await import('tsx/esm/api');
  // Our own tsconfig, whatever project the current directory belongs to.
  register({ tsconfig: fileURLToPath(new URL('../../tsconfig.json', import.meta.url)) });
  // A transform outside of any ES module package is loaded as CommonJS, by another hook.
  (await import('tsx/cjs/api')).register();
  const { main } = await import('../src/main.ts');
  return main(process.argv.slice(2), fileURLToPath(new URL('../..', import.meta.url)));
}

/** Code that does not even load: after an interrupted install, or while somebody edits it. */
function cannotStart(error) {
  process.stderr.write(`${error.stack}\nmillrace: cannot start; does npm install help?\n`);
  return 70;
}

start()
  .catch(cannotStart)
  // A pipe may still hold what was printed; only then may an open handle no longer keep us here.
  .then((code) =>
    process.stdout.write('', () => process.stderr.write('', () => process.exit(code))),
  );
