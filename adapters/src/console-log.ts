import type { Log } from '@millrace/core/port';
import { isWritten, type LogLevel } from './log-level';

export interface ConsoleLogOptions {
  /** Default `INFO`. */
  readonly level?: LogLevel;
  /** Takes one line with its line end; default the standard error, as standard output is for results. */
  readonly write?: (line: string) => void;
}

/** A log for people at a terminal: `WARN message {"field":1}`. */
export function consoleLog({
  level = 'INFO',
  write = toStandardError,
}: ConsoleLogOptions = {}): Log {
  const line =
    (lineLevel: LogLevel): Log['info'] =>
    (message, fields) => {
      if (!isWritten(lineLevel, level)) return;
      const rest = fields === undefined ? '' : ` ${JSON.stringify(fields, printable)}`;
      write(`${lineLevel} ${message}${rest}\n`);
    };
  return { info: line('INFO'), warn: line('WARN'), error: line('ERROR') };
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };

function toStandardError(line: string): void {
  process.stderr.write(line);
}

/** What JSON cannot hold, or holds as `{}`. */
function printable(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
