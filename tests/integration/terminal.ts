import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

/** What a command said on the terminal, without colours, and how it ended. */
export interface Outcome {
  readonly output: string;
  readonly exitCode: number;
  /** Every question it asked. */
  readonly questions: readonly string[];
}

/** What to type at a question, without the Enter; undefined when nobody told the user. */
export type Answer = (question: string) => string | undefined;

export interface TerminalOptions {
  /** With the module `pty`: any Python of a Unix. */
  readonly python: string;
  readonly folder: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
}

const COMMAND_MS_MAX = 240_000;
const QUIET_MS = 40;
const OUTPUT_CHARS_MAX = 4_000_000;
/** One shell with a pseudo-terminal; it hangs up when our end is gone. */
const MAIN = `
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(["/bin/sh", "-i"])))
`;
const PROMPT = /<<exit (\d+)>>\n?$/;
/** A line that is not over and ends as SAM's questions do. */
const QUESTION = /(?:^|\n)([^\n]*\[[^\]\n]*(?:\([^)\n]*\))?\]\s*: ?)$/;

/**
 * One interactive `/bin/sh` on a pseudo-terminal. What is typed is not echoed, so that everything in
 * `output` was said by a command.
 */
export class Terminal {
  readonly #shell: ChildProcess;
  #text = '';
  #lastMs = 0;
  #ended = false;

  private constructor({ python, folder, env }: TerminalOptions) {
    this.#shell = spawn(python, ['-c', MAIN], {
      cwd: folder,
      env: { ...env, PS1: '<<exit $?>>\n', ENV: '', TERM: 'dumb' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#shell.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.#text = (this.#text + chunk).slice(-OUTPUT_CHARS_MAX);
      this.#lastMs = Date.now();
    });
    this.#shell.once('exit', () => {
      this.#ended = true;
    });
  }

  static async open(options: TerminalOptions): Promise<Terminal> {
    const terminal = new Terminal(options);
    await terminal.#untilPrompt('the shell', () => undefined);
    await terminal.run('stty -echo cols 200');
    return terminal;
  }

  /**
   * Types a command and answers its questions until the shell prompts again.
   * @throws Error when it asks what nobody can answer, or takes longer than four minutes
   */
  async run(command: string, answer: Answer = () => undefined): Promise<Outcome> {
    this.#text = '';
    this.#type(command);
    return this.#untilPrompt(command, answer);
  }

  close(): void {
    this.#shell.stdin?.end('\u0003\nexit\n');
    this.#shell.kill('SIGHUP');
  }

  async #untilPrompt(command: string, answer: Answer): Promise<Outcome> {
    const questions: string[] = [];
    let answered = 0;
    for (const untilMs = Date.now() + COMMAND_MS_MAX; Date.now() < untilMs; await sleep(10)) {
      const isQuiet = Date.now() - this.#lastMs >= QUIET_MS;
      if (!isQuiet && !this.#ended) continue;
      const text = stripVTControlCharacters(this.#text).replaceAll('\r', '');
      const prompt = PROMPT.exec(text);
      if (prompt !== null) {
        const output = text.slice(0, prompt.index).replaceAll(CONTINUED, '');
        return { output, exitCode: Number(prompt[1]), questions };
      }
      if (this.#ended) throw new Error(`${command}: the shell ended\n${text.slice(-2000)}`);
      const question = QUESTION.exec(text.slice(answered))?.[1]?.trim();
      if (question === undefined) continue;
      const reply = answer(question);
      if (reply === undefined)
        throw new Error(`${command} asks, and no page says what: ${question}`);
      questions.push(question);
      answered = text.length;
      this.#type(reply);
    }
    throw new Error(`${command}: no end after ${COMMAND_MS_MAX} ms\n${this.#text.slice(-2000)}`);
  }

  #type(line: string): void {
    this.#lastMs = Date.now();
    this.#shell.stdin?.write(`${line}\n`);
  }
}

/** The shell's own prompt in the middle of a command of several lines. */
const CONTINUED = /^> /gm;
