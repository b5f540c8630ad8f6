import type { Command } from 'commander';
import { register as registerCheck } from './check';
import { MillraceCommand } from './command';
import { register as registerCost } from './cost/command';
import { register as registerEnv } from './env/command';
import { EXIT, type ExitCode, endingOf } from './exit';
import { endOnSignals } from './interrupt';
import { listProblems } from './option-value';
import { say } from './output';
import { register as registerProduce } from './produce/command';
import { setProjectRoot } from './project';
import { register as registerQuarantine } from './quarantine/command';
import { register as registerQuery } from './query/command';
import { register as registerRecord } from './record/command';
import { register as registerRecordHost } from './record-host/command';
import { register as registerRedrive } from './redrive/command';
import { register as registerReplay } from './replay/command';
import { register as registerReport } from './report/command';
import { register as registerReproject } from './reproject/command';
import { register as registerStart } from './start/command';

const VERSION = '0.1.0';

/** One file per command exports `register`; this is the list of them, in the order of the help. */
const COMMANDS: readonly ((program: Command) => void)[] = [
  registerStart,
  registerReplay,
  registerCheck,
  registerProduce,
  registerRecord,
  registerRecordHost,
  registerReport,
  registerQuarantine,
  registerRedrive,
  registerReproject,
  registerQuery,
  registerCost,
  registerEnv,
];

const OVERVIEW = `
Examples:
  $ millrace check pipeline.json
  $ millrace produce --out demo.ndjson
  $ millrace replay demo.ndjson --pipeline demo.ndjson.pipeline.json --out out
  $ millrace help replay

Exit codes:
  0   done
  1   done, and the answer is no
  2   wrong use or bad input: one line per problem on stderr
  3   something outside failed (disk, endpoint)
  70  a bug: the stack is on stderr`;

/** The whole command line, without running it. */
export function createProgram(): Command {
  const program = new MillraceCommand('millrace')
    .description('Serverless stream processing: exact windows, anomalies and alerts.')
    .version(VERSION)
    .exitOverride()
    .addHelpText('after', OVERVIEW)
    .hook('preAction', (_program, command) => listProblems(command));
  for (const register of COMMANDS) register(program);
  return program;
}

/**
 * Runs one command; everything that was to be printed is printed.
 * @param args what stands behind `millrace`
 */
export async function run(args: readonly string[]): Promise<ExitCode> {
  try {
    await createProgram().parseAsync([...args], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (isHelp(error)) return EXIT.done;
    const ending = endingOf(error);
    for (const line of ending.lines) say(line);
    return ending.code;
  }
}

/**
 * The process's only command.
 * @param projectRoot the folder of `template.yaml`
 */
export function main(args: readonly string[], projectRoot: string): Promise<ExitCode> {
  setProjectRoot(projectRoot);
  // The AWS SDK warns of next year's versions on every start under Node 20; ours are pinned.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  endQuietlyOnClosedPipe();
  endLoudlyOnLostErrors();
  endOnSignals();
  return run(args);
}

/** `--help` and `--version` leave commander as an error with exit code 0. */
function isHelp(error: unknown): boolean {
  return error instanceof Error && 'exitCode' in error && error.exitCode === 0;
}

/** `millrace … | head` closes the pipe early: nobody is left to read a complaint. */
function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.outside);
    });
  }
}

/** What is thrown outside of the command's promise (a timer, a stream) gets the same ending. */
function endLoudlyOnLostErrors(): void {
  process.on('uncaughtException', (error) => {
    const ending = endingOf(error);
    for (const line of ending.lines) say(line);
    process.exit(ending.code);
  });
}
