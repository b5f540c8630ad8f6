import { nearest } from '@millrace/core/pipeline/nearest';
import { Command } from 'commander';
import { UsageError } from './exit';

/**
 * Commander as this command line speaks: every complaint is one line that starts with the full name
 * of the command, and nothing exits the process behind our back.
 */
export class MillraceCommand extends Command {
  /** Bad option values, collected so that all of them are listed and not the first alone. */
  readonly problems: string[] = [];
  /** What must hold between options; each answers a text per mistake. */
  readonly checks: (() => readonly string[])[] = [];

  override createCommand(name?: string): Command {
    return new MillraceCommand(name);
  }

  override error(message: string): never {
    throw new UsageError([...this.problems, complaint(this, plain(message))]);
  }

  override help(context?: unknown): never {
    if (isErrorContext(context)) {
      const names = this.commands.map((command) => command.name());
      const [first, asked] = this.args;
      if (first === 'help' && asked !== undefined) {
        const meant = nearest(asked, names);
        const hint =
          meant === null ? `; see ${fullName(this)} --help` : ` (Did you mean ${meant}?)`;
        this.error(`unknown command ${JSON.stringify(asked)}${hint}`);
      }
      this.error(`expected a command (${names.join(', ')}); see ${fullName(this)} --help`);
    }
    return super.help();
  }
}

/** Commander asks for help as an error when a command is missing. */
function isErrorContext(context: unknown): boolean {
  return typeof context === 'object' && context !== null && 'error' in context && !!context.error;
}

/** `error: unknown option '--x'\n(Did you mean --y?)` as `unknown option "--x" (Did you mean --y?)`. */
function plain(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/'([^']*)'/g, '"$1"');
}

/** `millrace replay`. */
export function fullName(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return names.join(' ');
}

/** One line about one command: `millrace replay: --seed: expected …`. */
export function complaint(command: Command, text: string): string {
  return `${fullName(command)}: ${text}`;
}
