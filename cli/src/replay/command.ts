import { type Command, Option } from 'commander';
import { checkTogether, speedValue, urlValue, wholeNumber } from '../option-value';
import type { ReplayToFlags } from '../replay-to/replay-to';
import { TRANSFORMS_OPTION } from '../transforms';

const HELP = `
DIR gets rows.ndjson, incidents.ndjson, quarantine.ndjson and accounting.json: the same
bytes for the same recording, pipeline and seed.

Examples:
  $ millrace replay demo.ndjson
  $ millrace replay demo.ndjson.gz --pipeline demo.ndjson.gz.pipeline.json --out out
  $ millrace replay demo.ndjson --shards 8 --parallelization 10 --seed 7
  $ millrace replay demo.ndjson --speed 60
  $ millrace replay cut-off.ndjson --partial --json
  $ millrace replay demo.ndjson --to my-stream --speed 10 --shift-time
  $ millrace replay demo.ndjson --faults zombies --seed 7

Fault presets: deploy, reshard, throttle-storm, zombies, outage, expiry, everything.

With --to the records go into a Kinesis stream instead, at their recorded pace (--speed 1)
and in the order of each partition key: docs/reference/record.md.

Exit codes: 0 done, 1 the accounting does not add up (--to: the order was not kept), 2 wrong
use or bad input, 3 disk or stream.`;

export interface ReplayFlags {
  readonly pipeline: string;
  readonly transforms?: string;
  readonly shards?: number;
  readonly parallelization?: number;
  readonly batchSize?: number;
  readonly seed: number;
  readonly speed: number;
  readonly out?: string;
  readonly store?: string;
  readonly replace?: boolean;
  readonly json?: boolean;
  readonly partial?: boolean;
  readonly faults?: string;
}

/** Those of `--to` as well. `speed` absent: `max`, or with `to` as recorded. */
type Flags = Omit<ReplayFlags & ReplayToFlags, 'speed' | 'to'> & {
  readonly speed?: number;
  readonly to?: string;
};

/** What only makes sense where records are put into a stream, and what only where they are not. */
const ONLY_WITH_TO = ['endpoint', 'shiftTime', 'force', 'keyRuns'] as const;
const ONLY_WITHOUT_TO = [
  'transforms',
  'shards',
  'parallelization',
  'batchSize',
  'out',
  'store',
  'replace',
  'faults',
] as const;

/** `millrace replay`: a recording through the real handlers. Manual: docs/reference/cli.md. */
export function register(program: Command): void {
  const command = program.command('replay');
  const count = (name: string, max: number) => wholeNumber(command, name, { min: 1, max });
  command
    .description('run a recording through the real handlers, on this machine')
    .argument('<recording>', '.ndjson or .ndjson.gz')
    .option('--pipeline <file>', 'pipeline file', 'pipeline.json')
    .option(...TRANSFORMS_OPTION)
    .option(
      '--shards <n>',
      'hash over n equal shards (default: as recorded)',
      count('--shards', 1_000),
    )
    .option(
      '--parallelization <n>',
      "lanes per shard (default: template.yaml's)",
      count('--parallelization', 10),
    )
    .option(
      '--batch-size <n>',
      "records per batch (default: template.yaml's)",
      count('--batch-size', 10_000),
    )
    .option('--seed <n>', 'how things interleave', wholeNumber(command, '--seed', { min: 0 }), 1)
    .addOption(
      new Option('--speed <n>', 'times real time, or max (default: max; with --to 1)').argParser(
        speedValue(command, '--speed'),
      ),
    )
    .option('--out <dir>', 'folder for the results')
    .option('--store <dir>', 'new folder to keep the tables in, for `millrace query --local`')
    .option('--replace', 'with --store: drop the store that is there')
    .option('--partial', 'accept a recording without its trailer, or with a wrong one')
    .option('--json', 'print one JSON document on stdout')
    .option('--faults <plan>', 'inject faults: a JSON file or the name of a preset')
    .option('--to <stream>', 'put the records into this Kinesis stream (name or ARN) instead')
    .option(
      '--endpoint <url>',
      'of an emulator, with --to (default: AWS)',
      urlValue(command, '--endpoint'),
    )
    .option('--shift-time', 'with --to: move event times to now')
    .option('--force', 'with --to: also into the stream that was recorded')
    .option(
      '--key-runs <n>',
      'with --to: records of one key in a request (default: 1)',
      count('--key-runs', 500),
    )
    .addHelpText('after', HELP)
    .action((recording: string, flags: Flags) => dispatch(command, recording, flags));
  checkTogether(command, misplaced);
}

function misplaced(flags: Flags): string[] {
  const names = flags.to === undefined ? ONLY_WITH_TO : ONLY_WITHOUT_TO;
  const why = flags.to === undefined ? 'only with --to' : 'not with --to';
  const problems = names
    .filter((name) => flags[name] !== undefined)
    .map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${why}`);
  const isAlone = flags.to === undefined && flags.replace === true && flags.store === undefined;
  return isAlone ? [...problems, '--replace: only with --store'] : problems;
}

/** The engine and the handlers are half a second of code that the other commands do not need. */
async function dispatch(command: Command, recording: string, flags: Flags): Promise<void> {
  const { to, speed } = flags;
  if (to !== undefined) {
    const { replayTo } = await import('../replay-to/replay-to');
    return replayTo(command, recording, { ...flags, to, speed: speed ?? 1 });
  }
  const { replay } = await import('./replay');
  return replay(command, recording, { ...flags, speed: speed ?? Number.POSITIVE_INFINITY });
}
