import type { Command } from 'commander';
import { checkTogether, durationValue, refuse, wholeNumber } from '../option-value';
import { grouped, printJson, say } from '../output';
import { startProgress } from '../progress';
import { DISTURBANCE_KINDS, type Disturbance, parseDisturbances } from './disturbance';
import { recordFromCapture } from './from-capture';
import type { HostTruth } from './host-recording';
import { recordLive } from './record-live';

const HELP = `
Records CPU, memory, disk, network, load and processes of this machine from /proc, one
record per subsystem and sample, and writes F and F.truth.json (times of the disturbances,
and what the modelled uplink did). The machine's name is not recorded.

--disturb makes real load at given times: KIND@AFTER:DURATION, several with commas;
kinds: ${DISTURBANCE_KINDS.join(', ')}.

Examples:
  $ millrace record-host --out host.ndjson.gz --duration 10m
  $ millrace record-host --out host.ndjson --disturb memory@20m:3m,loopback@40m:3m
  $ millrace record-host --from-raw capture.ndjson --from 0 --to 68 --out host.ndjson.gz

Exit codes: 0 done, 2 wrong use, 3 /proc or the disk failed.`;

const HOUR_MS = 3_600_000;

interface Flags {
  readonly out: string;
  readonly duration: number;
  readonly interval: number;
  readonly disturb: readonly Disturbance[];
  readonly fromRaw?: string;
  readonly from: number;
  readonly to: number;
  readonly host: string;
  readonly seed: number;
  readonly shards: number;
  readonly json?: boolean;
}

/** `millrace record-host`: a recording of the machine it runs on. */
export function register(program: Command): void {
  const command = program.command('record-host');
  const minutes = (name: string) => wholeNumber(command, name, { min: 0, max: 100_000 });
  command
    .description('record the telemetry of this machine, with real disturbances on demand')
    .requiredOption('--out <file>', 'recording to write, .ndjson or .ndjson.gz')
    .option(
      '--duration <time>',
      'how long (default: 1h)',
      durationValue(command, '--duration', { min: 5_000, max: 168 * HOUR_MS }),
      HOUR_MS,
    )
    .option(
      '--interval <time>',
      'time between two samples (default: 1s)',
      durationValue(command, '--interval', { min: 200, max: HOUR_MS }),
      1_000,
    )
    .option('--disturb <list>', 'load to make, such as memory@20m:3m', disturbances(command), [])
    .option('--from-raw <file>', 'read a capture of /proc texts in place of this machine')
    .option('--from <minute>', 'first minute of the capture', minutes('--from'), 0)
    .option('--to <minute>', 'last minute of the capture', minutes('--to'), 100_000)
    .option('--host <name>', 'name to record for the machine', 'millrace-1')
    .option(
      '--seed <n>',
      'seed of the modelled uplink',
      wholeNumber(command, '--seed', { min: 0 }),
      1,
    )
    .option(
      '--shards <n>',
      'shards of the stream',
      wholeNumber(command, '--shards', { min: 1, max: 1_000 }),
      4,
    )
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', HELP)
    .action(run);
  checkTogether(command, ({ fromRaw, disturb }: Flags) => {
    if (fromRaw === undefined || disturb.length === 0) return [];
    return ['--disturb: a capture is over and cannot be disturbed'];
  });
}

async function run(flags: Flags): Promise<void> {
  const { out, host, seed, shards, json = false } = flags;
  const truth = await (flags.fromRaw === undefined
    ? live(flags, json)
    : recordFromCapture({
        ...{ out, host, seed, shards },
        from: flags.fromRaw,
        fromMinute: flags.from,
        toMinute: flags.to,
      }));
  if (json) printJson({ recording: out, truth: `${out}.truth.json`, ...truth });
  else for (const line of summary(out, truth)) say(line);
}

function live(flags: Flags, json: boolean): Promise<HostTruth> {
  const seconds = Math.floor(flags.duration / 1000);
  const progress = startProgress({ label: 'recording', total: seconds, json });
  return recordLive({
    ...flags,
    durationMs: flags.duration,
    intervalMs: flags.interval,
    disturbances: flags.disturb,
    onSecond: progress.update,
  }).finally(progress.stop);
}

function summary(out: string, truth: HostTruth): readonly string[] {
  const { outage, duplicates, cut } = truth.uplink;
  return [
    `${out}: ${grouped(truth.records)} records`,
    ...truth.disturbances.map(({ what, from, to }) => `  disturbed: ${what} ${from} to ${to}`),
    ...(outage === null
      ? []
      : [`  uplink of ${outage.sensor} down ${outage.from} to ${outage.to}`]),
    `  ${duplicates.length} records sent twice, ${cut.length} cut`,
    `  truth: ${out}.truth.json`,
  ];
}

function disturbances(command: Command) {
  return (text: string): readonly Disturbance[] => {
    const parsed = parseDisturbances(text);
    if (parsed !== null) return parsed;
    const expected = `KIND@AFTER:DURATION, such as memory@20m:3m, kinds ${DISTURBANCE_KINDS.join(', ')}`;
    refuse(command, '--disturb', expected, text);
    return [];
  };
}
