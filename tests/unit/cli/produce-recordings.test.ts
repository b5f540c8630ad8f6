import { readFileSync } from 'node:fs';
import { run as runCommand } from '../../../cli/src/main';
import { captureOutput } from './capture-output';

// A replay takes a second, on a busy machine several.
jest.setTimeout(60_000);

const FOLDER = 'events/recordings';

/** The expectations in these files are written by hand: see scripts/make-recordings. */
describe.each([
  ['hostile.poison.ndjson', 'hostile.pipeline.json'],
  ['hostile.order.ndjson', 'hostile.pipeline.json'],
  ['hostile.names.ndjson', 'hostile.pipeline.json'],
  ['hostile.numbers.ndjson', 'hostile.pipeline.json'],
  ['hostile.huge.ndjson.gz', 'hostile.pipeline.json'],
])('%s', (recording, pipeline) => {
  it('comes out of the real consumer as its truth file says', async () => {
    const path = `${FOLDER}/${recording}`;
    const { expected } = JSON.parse(readFileSync(`${path}.truth.json`, 'utf8'));
    const output = captureOutput();
    const code = await runCommand([
      'replay',
      path,
      '--pipeline',
      `${FOLDER}/${pipeline}`,
      '--json',
    ]);
    output.restore();

    expect(code).toBe(0);
    expect(JSON.parse(output.printed.stdout)).toMatchObject(expected);
  });
});
