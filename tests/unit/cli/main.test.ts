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
