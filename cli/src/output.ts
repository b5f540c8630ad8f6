/** The one JSON document of a `--json` run. Nothing else may go to stdout. */
export function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

/** A line for the person at the terminal; stdout stays free for data. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A line of a command's result, for people and for pipes. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** `33,120`: the same on every machine, whatever its locale. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
