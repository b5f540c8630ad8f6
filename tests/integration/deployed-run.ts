import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A record before it is in the stream. */
export interface RecordToPut {
  readonly partitionKey: string;
  readonly data: Buffer;
}

/** Half generated, with late, repeated, disordered and poisonous records; half of a real host. */
const PRODUCE = [
  ...['--series', '4', '--duration', '1h', '--rate', '4/m', '--seed', '7', '--anomalies', '3'],
  ...['--late', '10', '--duplicates', '10', '--poison', '10', '--out-of-order', '0.05'],
];
const HOST_RECORDING = 'events/recordings/host.two-disturbances.ndjson.gz';
/** Behind every window of the records before, so that it closes them. */
const CLOSING_MS = 600_000;

/**
 * Exactly `count` records, the last of each series ten minutes after the one before: it closes every
 * window of its series but its own, so that no test waits for the idle gap.
 */
export function recordsToPut(
  folder: string,
  count: number,
): { records: RecordToPut[]; closers: number } {
  const produced = join(folder, 'produced.ndjson');
  millrace(['produce', '--out', produced, ...PRODUCE]);
  const generated = linesOf(readFileSync(produced));
  const recorded = linesOf(gunzipSync(readFileSync(HOST_RECORDING)));
  for (let taken = count - generated.length; taken > 0; taken -= 1) {
    const lines = [...generated, ...recorded.slice(0, taken)];
    const closers = closersOf(lines);
    if (lines.length + closers.length > count) continue;
    const records = [...lines, ...closers];
    return { records: records.map(toPut), closers: closers.length };
  }
  throw new Error(`${count} records are not enough`);
}

interface Line {
  readonly p: string;
  readonly j?: Readonly<Record<string, unknown>>;
  readonly d?: string;
}

function linesOf(recording: Buffer): Line[] {
  const lines = recording
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return lines.filter((line) => line.kind === undefined);
}

function closersOf(lines: readonly Line[]): Line[] {
  const last = new Map<string, Line>();
  for (const line of lines) {
    const { host, sensor, ts } = line.j ?? {};
    if (typeof host !== 'string' || typeof ts !== 'number') continue;
    const series = `${host}/${sensor ?? ''}`;
    if (ts >= Number(last.get(series)?.j?.ts ?? 0)) last.set(series, line);
  }
  return [...last.values()].map((line) => ({
    ...line,
    j: { ...line.j, id: `closing-${line.j?.id}`, ts: Number(line.j?.ts) + CLOSING_MS },
  }));
}

function toPut({ p, j, d }: Line): RecordToPut {
  const data = j === undefined ? Buffer.from(d ?? '', 'base64') : Buffer.from(JSON.stringify(j));
  return { partitionKey: p, data };
}

/** What `millrace replay` makes of a recording: parsed lines of its files. */
export interface Reference {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly incidents: readonly unknown[];
  readonly quarantine: readonly Readonly<Record<string, unknown>>[];
  readonly accounting: Readonly<Record<string, number>>;
}

/** With the code and the pipeline of a checkout: this one, or a clone. */
export function replayed(recording: string, folder: string, checkout = '.'): Reference {
  millrace(['replay', recording, '--pipeline', 'pipeline.json', '--out', folder], checkout);
  const lines = (name: string) => {
    const text = readFileSync(join(folder, name), 'utf8').trim();
    return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line));
  };
  return {
    rows: lines('rows.ndjson'),
    incidents: lines('incidents.ndjson'),
    quarantine: lines('quarantine.ndjson'),
    accounting: lines('accounting.json')[0],
  };
}

function millrace(args: readonly string[], checkout = '.'): void {
  const bin = ['cli/bin/millrace.mjs', ...args];
  execFileSync(process.execPath, bin, { cwd: checkout, stdio: 'pipe' });
}
