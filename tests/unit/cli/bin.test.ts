import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createFolder, line, recordingText } from './recording/recording-file';

const BIN = join(__dirname, '../../../cli/bin/millrace.mjs');
const folder = createFolder();
afterAll(folder.remove);

/** Starts the real command line, as npx does: through a link, from a directory that is not the project. */
function millrace(...args: string[]) {
  return spawnSync(folder.path('millrace'), args, {
    cwd: folder.path(''),
    encoding: 'utf8',
    timeout: 60_000,
  });
}

beforeAll(() => symlinkSync(BIN, folder.path('millrace')));

describe('cli/bin/millrace.mjs', () => {
  it('runs from another directory through a link', () => {
    const { status, stdout, stderr } = millrace('--version');

    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it('looks for pipeline.json in the current directory', () => {
    const { status, stderr } = millrace('check');

    expect(status).toBe(2);
    expect(stderr).toBe('pipeline.json: expected a pipeline file, got no such file\n');
  });

  it('is not led astray by a tsconfig.json of the current directory', () => {
    folder.write('tsconfig.json', '{"extends":"./nowhere.json"}');

    expect(millrace('--version').status).toBe(0);
  });

  it('runs no code from beside the pipeline file, unless --transforms says so', () => {
    folder.write('pipeline.json', pipelineWith('double'));
    const { status, stderr } = millrace('check');
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining('there is no transforms/double.ts'),
    ]);

    folder.makeFolder('transforms');
    folder.write('transforms/double.ts', SPY);
    const refused = millrace('check');
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain('to run code from beside the file: --transforms transforms\n');
    folder.write('transforms/flatten-readings.ts', SPY);
    folder.write('own.json', pipelineWith('flatten-readings'));
    expect(millrace('check', 'own.json').status).toBe(0);
    expect(existsSync(folder.path('ran'))).toBe(false);

    expect(millrace('check', '--transforms', 'transforms')).toMatchObject({ status: 0 });
    expect(existsSync(folder.path('ran'))).toBe(true);
  });
});

describe('millrace check of a transform that cannot be loaded', () => {
  it.each([
    [
      'a syntax error, with its place',
      'export default (r: object) => {\n  return r +;\n};',
      ':2:12: syntax error: Unexpected ";"',
    ],
    [
      'a module that is not there',
      'import x from "no-such-package";\nexport default x;',
      ': imports "no-such-package", which is neither a file nor an installed package',
    ],
    [
      'a throw, with its place',
      '\nthrow new Error("not today");\nexport default () => null;',
      ':2:7: threw while it was loaded: Error: not today',
    ],
    [
      'an async function',
      'export default async (r: object) => r;',
      ': expected a synchronous function, got an async function; the stream does not wait for transforms',
    ],
  ])('names %s', (_name, text, expected) => {
    folder.makeFolder('transforms');
    folder.write('transforms/broken.ts', text);
    folder.write('pipeline.json', pipelineWith('broken'));

    expect(millrace('check', '--transforms', 'transforms')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `pipeline.json: transform: transforms/broken.ts${expected}\n`,
    });
  });
});

describe('millrace replay, started for real', () => {
  it('exits with 1 when the accounting does not add up', () => {
    // A transform that is not pure: the handlers see one record less than the recording had.
    folder.write('transforms/forgetful.ts', FORGETFUL);
    folder.write('pipeline.json', pipelineWith('forgetful'));
    folder.write('three.ndjson', recordingText(['1', '2', '3'].map((q) => line({ q, j: { q } }))));

    const args = ['three.ndjson', '--transforms', 'transforms', '--out', 'out', '--json'];
    const { status, stdout, stderr } = millrace('replay', ...args);

    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ in: 6, applied: 3 });
    expect(stderr).toBe(
      'millrace replay: the accounting does not add up: 3 measurements are missing\n',
    );
    expect(readdirSync(folder.path('out'))).toContain('accounting.json');
  });

  it('exits with 3 when the results cannot be written', () => {
    folder.write('pipeline.json', pipelineWith(null));
    folder.write('three.ndjson', recordingText([line()]));

    const { status, stderr } = millrace('replay', 'three.ndjson', '--out', '/proc/none/out');

    expect(status).toBe(3);
    expect(stderr).toMatch(/^millrace: E[A-Z]+: .*\n$/);
  });
});

/** Leaves a file where it runs. */
const SPY = `
import { writeFileSync } from 'node:fs';
writeFileSync('ran', '');
export default (r: { v: number }) => ({ v: 2 * r.v });
`;

const FORGETFUL = `
let calls = 0;
export default (record: object) => (calls++ < 3 ? [record, record] : record);
`;

function pipelineWith(transform: string | null): string {
  const window = { type: 'tumbling', size: '1m' };
  const metrics = { m: { series: [], window, aggregates: ['count'] } };
  return JSON.stringify({ version: 1, ...(transform && { transform }), metrics });
}
