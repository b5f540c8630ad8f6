import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { replaceFile } from '../files/write-file';
import { urlValue } from '../option-value';
import { printJson, say } from '../output';
import { projectFile } from '../project';
import { envFile } from './env-file';
import { describeStack } from './stack-outputs';

const HELP = `
\`sam local invoke\` gives functions the template's names for tables, bucket and stream; F
gives them those of a deployed stack, on AWS or on an emulator.

Examples:
  $ millrace env --stack millrace --out env.json
  $ sam local invoke StreamConsumer --event events/kinesis/single.json --env-vars env.json
  $ millrace env --stack millrace --endpoint http://127.0.0.1:4566 --out env.json

Exit codes: 0 done, 2 wrong use or no such stack, 3 CloudFormation cannot be reached.`;

interface Flags {
  readonly stack: string;
  readonly endpoint?: string;
  readonly containerEndpoint?: string;
  readonly timestreamEndpoint?: string;
  readonly region?: string;
  readonly out?: string;
}

/** `millrace env`: the environment of a deployed stack's functions. Manual: docs/reference/cli.md. */
export function register(program: Command): void {
  const command = program.command('env');
  command
    .description("write the file for `sam local invoke --env-vars` from a stack's outputs")
    .requiredOption('--stack <name>', 'deployed stack')
    .option('--endpoint <url>', 'of an emulator (default: AWS)', urlValue(command, '--endpoint'))
    .option(
      '--container-endpoint <url>',
      'the emulator as a container sees it (default: --endpoint at host.docker.internal)',
      urlValue(command, '--container-endpoint'),
    )
    .option(
      '--timestream-endpoint <url>',
      'of an emulated Timestream, mostly another emulator (default: AWS)',
      urlValue(command, '--timestream-endpoint'),
    )
    .option('--region <name>', 'region of the stack (default: AWS_REGION)')
    .option('--out <file>', 'file to write (default: stdout)')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const originOf = (url: string | undefined) => url && new URL(url).origin;
  const endpointUrl = originOf(flags.endpoint);
  const stack = await describeStack(flags.stack, {
    endpointUrl,
    region: flags.region,
  });
  const file = envFile({
    template: await readFile(projectFile('template.yaml'), 'utf8'),
    stack,
    containerEndpoint: seenByContainer(originOf(flags.containerEndpoint) ?? endpointUrl),
    timestreamEndpoint: seenByContainer(originOf(flags.timestreamEndpoint)),
  });
  if (flags.out === undefined) printJson(file);
  else {
    await replaceFile(flags.out, `${JSON.stringify(file, null, 2)}\n`);
    say(`written to ${flags.out}: the environment of ${Object.keys(file).join(', ')}`);
  }
}

/** A container's own loopback is not the host's. */
const LOOPBACK = /(?<=^https?:\/\/)(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?=[:/]|$)/;
const HOST_OF_CONTAINER = 'host.docker.internal';

function seenByContainer(origin: string | undefined): string | null {
  return origin?.replace(LOOPBACK, HOST_OF_CONTAINER) ?? null;
}
