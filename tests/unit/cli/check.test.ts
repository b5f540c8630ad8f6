import { loadPipeline } from '../../../cli/src/load-pipeline';
import { run } from '../../../cli/src/main';
import { captureOutput } from './capture-output';
import { createFolder } from './recording/recording-file';

const folder = createFolder();
afterAll(folder.remove);

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

function pipelineFile(metric: object = {}, name = 'pipeline.json'): string {
  const window = { type: 'tumbling', size: '1m' };
  const metrics = { m: { series: ['host'], window, aggregates: ['count'], ...metric } };
  return folder.write(name, JSON.stringify({ version: 1, metrics }));
}

describe('millrace check', () => {
  it('says ok for a valid file', async () => {
    const path = pipelineFile();

    expect(await run(['check', path])).toBe(0);
    expect(output.printed).toEqual({ stdout: '', stderr: `${path}: ok, 1 metric\n` });
  });

  it('lists every mistake on a line of its own', async () => {
    const path = pipelineFile({ window: { type: 'tumbling', size: '1 minute' }, seires: [] });

    expect(await run(['check', path])).toBe(2);
    const lines = output.errorLines();
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(new RegExp(`^${path}: metrics\\.m\\.`));
    expect(output.printed.stderr).toContain(
      'window.size: expected a duration like "1m", got "1 minute"',
    );
  });

  it('prints one JSON document with --json', async () => {
    expect(await run(['check', '--json', pipelineFile()])).toBe(0);
    expect(JSON.parse(output.printed.stdout)).toMatchObject({
      ok: true,
      metrics: ['m'],
      problems: [],
    });
  });

  it('prints the problems as JSON too, beside the lines', async () => {
    expect(await run(['check', '--json', pipelineFile({ aggregates: ['avg'] })])).toBe(2);
    const document = JSON.parse(output.printed.stdout);
    expect(document.ok).toBe(false);
    expect(document.problems).toEqual(output.errorLines());
  });

  it.each([
    ['a missing file', 'none.json', 'expected a pipeline file, got no such file'],
    ['a folder', '', 'expected a pipeline file, got a folder'],
  ])('refuses %s', async (_name, name, expected) => {
    expect(await run(['check', folder.path(name)])).toBe(2);
    expect(output.errorLines()).toEqual([expect.stringContaining(expected)]);
  });

  it('refuses a transform that is not there', async () => {
    const path = pipelineFile({ transform: 'no-such-transform' });

    expect(await run(['check', path])).toBe(2);
    expect(output.errorLines()).toEqual([
      expect.stringContaining('metrics.m.transform: there is no transforms/no-such-transform.ts'),
    ]);
  });
});

describe('millrace check --transforms', () => {
  it.each([
    ['no folder', 'none', 'got no such folder'],
    ['a file', 'pipeline.json', 'got ENOTDIR'],
  ])('refuses %s', async (_name, name, expected) => {
    const path = pipelineFile();

    expect(await run(['check', path, '--transforms', folder.path(name)])).toBe(2);
    expect(output.errorLines()).toEqual([expect.stringContaining(expected)]);
  });
});

describe('loadPipeline', () => {
  const loadModule = (module: unknown) => ({ loadModule: async () => module });

  it.each([
    ['an ES module', { default: () => null }],
    ['a CommonJS module', { default: { default: () => null } }],
  ])('takes the default export of %s as the transform', async (_name, module) => {
    const path = pipelineFile({ transform: 'flatten-readings' });

    const { transforms } = await loadPipeline(path, loadModule(module));

    expect([...transforms.keys()]).toEqual(['flatten-readings']);
  });

  it.each([
    [
      'exports no default',
      loadModule({}),
      'expected a function as its default export, got undefined',
    ],
    [
      'exports an object',
      loadModule({ default: {} }),
      'expected a function as its default export, got object',
    ],
    [
      'is async',
      loadModule({ default: async () => null }),
      'expected a synchronous function, got an async function; the stream does not wait for transforms',
    ],
    [
      'is a generator',
      loadModule({
        *default() {
          yield null;
        },
      }),
      'expected a synchronous function, got a generator; the stream does not wait for transforms',
    ],
    [
      'throws when it is loaded',
      {
        loadModule: async () => {
          throw new SyntaxError('Unexpected\ntoken');
        },
      },
      'threw while it was loaded: SyntaxError: Unexpected token',
    ],
  ])('refuses a transform that %s', async (_name, options, expected) => {
    const path = pipelineFile({ transform: 'flatten-readings' });

    await expect(loadPipeline(path, options)).rejects.toThrow(
      `${path}: transform: transforms/flatten-readings.ts: ${expected}`,
    );
  });
});
