import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { complaint } from '../command';
import { UsageError } from '../exit';
import { say } from '../output';
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
  readonly region?: string;
  readonly out?: string;
}

/** `millrace env`: the environment of a deployed stack's functions. Manual: docs/reference/cli.md. */
export function register(program: Command): void {
  const command = program.command('env');
  command
    .description("write the file for `sam local invoke --env-vars` from a stack's outputs")
    .requiredOption('--stack <name>', 'deployed stack')
    .option('--endpoint <url>', 'of an emulator (default: AWS)')
    .option(
      '--container-endpoint <url>',
      'the emulator as a container sees it (default: --endpoint at host.docker.internal)',
    )
    .option('--region <name>', 'region of the stack (default: AWS_REGION)')
    .option('--out <file>', 'file to write (default: stdout)')
    .addHelpText('after', HELP)
    .action((flags: Flags) => run(command, flags));
}

async function run(command: Command, flags: Flags): Promise<void> {
  const endpoint = urlOf(command, '--endpoint', flags.endpoint);
  const inContainer = urlOf(command, '--container-endpoint', flags.containerEndpoint);
  const stack = await describeStack(flags.stack, {
    endpointUrl: endpoint?.origin,
    region: flags.region,
  });
  const file = envFile({
    template: await readFile(projectFile('template.yaml'), 'utf8'),
    stack,
    containerEndpoint:
      (inContainer ?? endpoint)?.origin.replace(LOOPBACK, HOST_OF_CONTAINER) ?? null,
  });
  const text = `${JSON.stringify(file, null, 2)}\n`;
  if (flags.out === undefined) process.stdout.write(text);
  else {
    await writeFile(flags.out, text);
    say(`written to ${flags.out}: the environment of ${Object.keys(file).join(', ')}`);
  }
}

/** A container's own loopback is not the host's. */
const LOOPBACK = /(?<=^https?:\/\/)(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?=[:/]|$)/;
const HOST_OF_CONTAINER = 'host.docker.internal';

function urlOf(command: Command, name: string, text: string | undefined): URL | null {
  if (text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  const expected = 'a URL like "http://127.0.0.1:4566"';
  throw new UsageError(complaint(command, `${name}: expected ${expected}, got "${text}"`));
}
