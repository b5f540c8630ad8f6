/** The command line of `npm run test:mutants`. */
import { parseArgs } from 'node:util';

const USAGE = `npm run test:mutants -- [--only NAME,...] [--part N/M] [--seeds N] [--skip-calm]
  --only 'no high-water mark'   mutants whose name contains one of these texts
  --part 1/2                    every second mutant: two processes share the work
  --seeds 200                   more seeds for each mutant of the fault suite (80)
  --skip-calm                   do not run the seeds and tests without a mutant first`;

export interface MutantOptions {
  readonly seeds: string;
  readonly only: readonly string[];
  readonly part: { readonly at: number; readonly of: number };
  readonly skipCalm: boolean;
}

/** Ends the process: with 0 behind `--help`, with 2 and a line on stderr behind what it does not know. */
export function readOptions(): MutantOptions {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: 'string', default: '80' },
        only: { type: 'string', default: '' },
        part: { type: 'string', default: '1/1' },
        'skip-calm': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(`${USAGE}\n`);
      process.exit(0);
    }
    const { seeds } = values;
    if (!/^[1-9]\d*$/.test(seeds)) {
      throw new Error(`--seeds: expected a whole number from 1, got "${seeds}"`);
    }
    const only = values.only.split(',');
    return { seeds, only, part: readPart(values.part), skipCalm: values['skip-calm'] };
  } catch (error) {
    process.stderr.write(`test:mutants: ${(error as Error).message.split('. ')[0]} (see --help)\n`);
    process.exit(2);
  }
}

function readPart(text: string): MutantOptions['part'] {
  const [, at = 0, of = 0] = (/^([1-9]\d*)\/([1-9]\d*)$/.exec(text) ?? []).map(Number);
  if (at < 1 || at > of) throw new Error(`--part: expected a part as 1/2, got "${text}"`);
  return { at, of };
}
