import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunction } from '../../../helper/bundle';
import type { Stack } from '../policy/stack';
import type { Answer, Invocation } from './invoke';

const START_MS_MAX = 60_000;

/** A function of the template, running. */
export interface FunctionProcess {
  /** @throws Error with what the function threw */
  invoke(event: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** The environment that the template gives the function, with the names of this stack. */
export function environmentOf(name: string, stack: Stack): Record<string, string> {
  const shared = stack.document.Globals.Function.Environment.Variables;
  const own = stack.document.Resources[name]?.Properties.Environment.Variables;
  return Object.fromEntries(
    Object.entries({ ...shared, ...own }).map(([key, value]) => [key, stack.text(value)]),
  );
}

/** Starts it bundled, as it is deployed. */
export async function startFunction(
  name: string,
  stack: Stack,
  changes: Readonly<Record<string, string>>,
): Promise<FunctionProcess> {
  const resource = stack.document.Resources[name];
  if (resource === undefined) throw new Error(`no function ${name}`);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-permissions-'));
  bundleFunction(resource, folder);
  const child = fork(
    'tests/contract/permissions/recorder/invoke.ts',
    [join(folder, 'handler.js')],
    {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        PATH: process.env.PATH,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        ...environmentOf(name, stack),
        ...changes,
      },
    },
  );
  child.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => printed.push(String(chunk)));
  }
  await answerOf(child, printed);
  return {
    async invoke(event) {
      const invocation: Invocation = {
        event,
        remainingMs: Number(resource.Properties.Timeout) * 1000,
      };
      const answer = answerOf(child, printed);
      child.send(invocation);
      const answered = (await answer) as Answer;
      if ('error' in answered) throw new Error(answered.error);
      return answered.result;
    },
    stop: () =>
      new Promise((done) => {
        child.once('exit', () => done());
        child.kill();
      }),
  };
}

function answerOf(child: ChildProcess, printed: readonly string[]): Promise<unknown> {
  return new Promise((done, reject) => {
    const fail = (reason: string) => reject(new Error(`${reason}\n${printed.join('')}`));
    const died = (code: number | null) => fail(`the function ended with ${code}`);
    const timer = setTimeout(() => fail('the function did not answer'), START_MS_MAX);
    child.once('exit', died);
    child.once('message', (message) => {
      clearTimeout(timer);
      child.off('exit', died);
      done(message);
    });
  });
}
