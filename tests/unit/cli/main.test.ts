import { run } from '../../../cli/src/main';
import { captureOutput } from './capture-output';

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.restore());

describe('millrace', () => {
  it.each([
    [['--help'], 'Usage: millrace'],
    [['replay', '--help'], 'Usage: millrace replay'],
    [['help', 'check'], 'Usage: millrace check'],
    [['--version'], '0.1.0'],
  ])('answers %p on stdout with exit 0', async (args, expected) => {
    const code = await run(args);

    expect(code).toBe(0);
    expect(output.printed.stdout).toContain(expected);
    expect(output.printed.stderr).toBe('');
  });

  it.each(['replay', 'check', 'produce', 'record-host'])(
    'shows examples in the help of %s',
    async (name) => {
      await run([name, '--help']);

      expect(output.printed.stdout).toContain('Examples:');
      expect(output.printed.stdout).toContain(`$ millrace ${name}`);
    },
  );

  it.each([
    ['no command', [], ['millrace: expected a command (']],
    ['an unknown command', ['chekc'], ['millrace: unknown command "chekc" (Did you mean check?)']],
    ['an unknown option', ['replay', 'x', '--foo'], ['millrace replay: unknown option "--foo"']],
    ['a missing argument', ['replay'], ['millrace replay: missing required argument "recording"']],
    [
      'a missing value',
      ['replay', 'x', '--seed'],
      ['millrace replay: option "--seed <n>" argument missing'],
    ],
    ['an argument too many', ['replay', 'x', 'y'], ['millrace replay: too many arguments']],
    [
      'a word for a number',
      ['replay', 'x', '--seed', 'x'],
      ['millrace replay: --seed: expected a whole number, got "x"'],
    ],
    [
      'a fraction for a number',
      ['replay', 'x', '--seed', '1.5'],
      ['millrace replay: --seed: expected a whole number, got "1.5"'],
    ],
    [
      'an empty number',
      ['replay', 'x', '--seed', ''],
      ['millrace replay: --seed: expected a whole number, got ""'],
    ],
    [
      'a number beyond 2^53',
      ['replay', 'x', '--seed', '9007199254740993'],
      ['millrace replay: --seed: expected a whole number, got'],
    ],
    [
      'a negative seed',
      ['replay', 'x', '--seed', '-1'],
      ['millrace replay: --seed: expected a whole number 0 or more, got "-1"'],
    ],
    [
      'zero shards',
      ['replay', 'x', '--shards', '0'],
      ['millrace replay: --shards: expected a whole number from 1 to 1000, got "0"'],
    ],
    [
      'too many lanes',
      ['replay', 'x', '--parallelization', '11'],
      ['millrace replay: --parallelization: expected a whole number from 1 to 10, got "11"'],
    ],
    [
      'a speed of zero',
      ['replay', 'x', '--speed', '0'],
      ['millrace replay: --speed: expected a number above 0 or "max", got "0"'],
    ],
    [
      'two bad values',
      ['replay', 'x', '--speed', 'fast', '--shards', '-3'],
      ['millrace replay: --speed: expected', 'millrace replay: --shards: expected'],
    ],
    [
      'a fault plan that is neither a preset nor a file',
      ['replay', 'x', '--faults', 'y'],
      ['millrace replay: --faults: expected a file or one of deploy, reshard, throttle-storm'],
    ],
  ])('refuses %s with exit 2 and a line for each problem', async (_name, args, expected) => {
    const code = await run(args);

    expect(code).toBe(2);
    expect(output.printed.stdout).toBe('');
    const lines = output.errorLines();
    expect(lines).toHaveLength(expected.length);
    for (const [index, start] of expected.entries()) expect(lines[index]).toContain(start);
  });
});

describe('millrace lists every mistake of a command', () => {
  it.each([
    [
      'cost',
      ['cost', '--window', '1 minute', '--rate', 'x', '--shards', '0'],
      ['--window: expected a duration', '--rate: expected a number', '--shards: expected a whole'],
    ],
    [
      'cost, options that do not fit together beside a bad one',
      ['cost', '--rate', '5000', '--shards', '2', '--window', 'x'],
      ['--window: expected a duration', '--shards: this rate needs 5 or more, got 2'],
    ],
    [
      'query',
      ['query', '--from', 'noon', '--to', '2026-02-30', '--endpoint', 'here', '--limit', '0'],
      ['--from: expected', '--to: expected', '--endpoint: expected a URL', '--limit: expected'],
    ],
    [
      'query, options that exclude each other',
      ['query', '--stack', 's', '--local', 'd', '--follow', '--incidents'],
      ['--stack or --local, got both', '--follow shows rows', 'needs --metric and --series'],
    ],
    [
      'quarantine',
      ['quarantine', 'list', '--reason', 'x', '--since', '2026-02-30'],
      ['--reason: expected one of', '--since: expected a time', 'expected one of --local DIR'],
    ],
    [
      'redrive, without asking for a pipeline file',
      ['redrive', '--local', 'none', '--to-stream', 's'],
      ['--local: expected a folder with a store', '--to-stream needs', '--local: expected --out'],
    ],
    [
      'record',
      [
        ...['record', '--stream', 's', '--out', 'o.ndjson', '--redact', 'a..b', '--endpoint', 'e'],
        ...['--from', '2026-01-02T00:00Z', '--to', '2026-01-01T00:00Z'],
      ],
      ['--endpoint: expected a URL', '--to: expected a moment behind', '--redact: "a..b"'],
    ],
    [
      'replay --to',
      ['replay', 'x.ndjson', '--to', 's', '--shards', '2', '--out', 'o', '--endpoint', 'e'],
      ['--endpoint: expected a URL', '--shards: not with --to', '--out: not with --to'],
    ],
    [
      'produce',
      ['produce', '--out', 'o.ndjson', '--start', '2026-02-30T00:00Z', '--out-of-order', '2'],
      ['--start: expected a moment', '--out-of-order: expected a share from 0 to 1'],
    ],
  ])('%s', async (_name, args, expected) => {
    const code = await run(args);

    expect(code).toBe(2);
    const lines = output.errorLines();
    expect(lines).toEqual(expected.map((text) => expect.stringContaining(text)));
    for (const line of lines) expect(line).toMatch(/^millrace [a-z]+/);
  });
});

describe('millrace says what is missing first', () => {
  it.each([
    [
      'a recording',
      ['replay', 'none.ndjson', '--pipeline', 'none.json'],
      'none.ndjson: expected a recording',
    ],
    [
      'a recording to start with',
      ['start', 'none.ndjson', '--pipeline', 'none.json'],
      'none.ndjson: expected a recording',
    ],
    [
      'where the quarantine is',
      ['redrive', '--pipeline', 'none.json'],
      'expected one of --local DIR and --stack NAME',
    ],
  ])('%s, not the pipeline file', async (_name, args, expected) => {
    const code = await run(args);

    expect(code).toBe(2);
    expect(output.errorLines()).toEqual([expect.stringContaining(expected)]);
  });

  it.each([
    ['nope', 'millrace: unknown command "nope"; see millrace --help'],
    ['replays', 'millrace: unknown command "replays" (Did you mean replay?)'],
  ])('help %s: there is no such command', async (name, expected) => {
    expect(await run(['help', name])).toBe(2);
    expect(output.errorLines()).toEqual([expected]);
  });
});

it('shows examples in the help of millrace quarantine', async () => {
  await run(['quarantine', '--help']);

  expect(output.printed.stdout).toContain('$ millrace quarantine list --stack');
});

describe('millrace without AWS settings', () => {
  const settings = ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_CONFIG_FILE', 'AWS_PROFILE'];
  const kept = Object.fromEntries(settings.map((name) => [name, process.env[name]]));
  beforeEach(() => {
    for (const name of settings) delete process.env[name];
    process.env.AWS_CONFIG_FILE = '/nowhere';
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  });
  afterEach(() => {
    for (const name of settings) {
      if (kept[name] === undefined) delete process.env[name];
      else process.env[name] = kept[name];
    }
  });

  it.each([
    ['env --stack', ['env', '--stack', 's']],
    ['quarantine --stack', ['quarantine', 'list', '--stack', 's']],
    ['record --stream', ['record', '--stream', 's', '--out', 'none/o.ndjson']],
  ])('%s says what to set', async (_name, args) => {
    const code = await run(args);

    expect(code).toBe(2);
    expect(output.errorLines()).toEqual([expect.stringContaining('AWS_REGION: expected')]);
  });
});
