import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The file that escapes what others wrote, before it leaves for a terminal. */
const EDGE = 'output.ts';

/** `isTTY`, `fd` and listeners are no writing. */
const WRITES = /console\.|process\.(?:stdout|stderr)\.(?:write|end|cork)\b|writeSync\(\s*[12]\b/;

const files = readdirSync('cli/src', { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ts'),
);

test('only output.ts of the command line writes to stdout and stderr', () => {
  const writing = files.filter((path) => WRITES.test(readFileSync(join('cli/src', path), 'utf8')));

  expect(writing).toEqual([EDGE]);
});
