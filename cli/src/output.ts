import { jsonText as exactJson } from '@millrace/core/json/write-json';
import { printable } from '@millrace/core/text/printable';

/*
 * The one place where text leaves for a terminal. What is printed may quote data of others (series, keys,
 * error messages), so everything is escaped here, and what we style ourselves is styled here. A contract
 * test keeps other files from writing to stdout and stderr.
 */

/** The one JSON document of a `--json` run. Nothing else may go to stdout. */
export function printJson(document: unknown): void {
  process.stdout.write(`${jsonText(document)}\n`);
}

/** JSON that a terminal does not obey either: what JSON leaves raw is escaped, which is the same JSON. */
export function jsonText(document: unknown): string {
  return exactJson(document, 2).split('\n').map(printable).join('\n');
}

/** A line for the person at the terminal; stdout stays free for data. */
export function say(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** A line that is bold where stdout is a terminal. */
export interface Heading {
  readonly heading: string;
}

/** A line of a command's result, for people and for pipes. */
export function print(line: string | Heading): void {
  process.stdout.write(`${lineText(line)}\n`);
}

function lineText(line: string | Heading): string {
  if (typeof line === 'string') return printable(line);
  const text = printable(line.heading);
  const plain = !process.stdout.isTTY || process.env.NO_COLOR !== undefined;
  return plain ? text : `\u001b[1m${text}\u001b[22m`;
}

/** Bytes as they are, for files and other programs: only where the user asked for bytes. */
export function printBytes(bytes: Uint8Array): void {
  process.stdout.write(bytes);
}

/** A line on stderr that the next one is drawn over; only where stderr is a terminal. */
export function drawOver(text: string): void {
  process.stderr.write(`\r\u001b[K${printable(text)}`);
}

/** `33,120`: the same on every machine, whatever its locale. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
