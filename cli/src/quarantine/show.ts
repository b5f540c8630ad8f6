import { isUtf8 } from 'node:buffer';
import { fstatSync } from 'node:fs';
import { escapePart } from '@millrace/core/fold/key';
import type { KeyValueStore } from '@millrace/core/port';
import { queryAll } from '@millrace/core/results/read';
import { printable } from '@millrace/core/text/printable';
import type { Command } from 'commander';
import { complaint } from '../command';
import { AnswerNoError, UsageError } from '../exit';
import { print, printBytes, printJson, say } from '../output';
import type { QuarantineFlags } from './command';
import { entryLine, entryOf, type QuarantineEntry } from './entry';
import { openStores } from './open-stores';

/** Shard ids hold no slash, and neither do stream names: sequence and sub are what is left. */
const ID = /^([^/]+)\/(.+)\/([^/]+)\.(\d+)$/;

export async function showEntry(
  command: Command,
  id: string,
  flags: QuarantineFlags,
): Promise<void> {
  const match = ID.exec(id);
  if (match === null) {
    const text = `expected an id like STREAM/SHARD/SEQUENCE.SUB, got ${JSON.stringify(id)}`;
    throw new UsageError(complaint(command, text));
  }
  const [, stream = '', shard = '', sequence = '', sub = ''] = match;
  const stores = await openStores(command, flags);
  try {
    const place = { stream, shard, sequence, sub: Number(sub) };
    const entries = await entriesOf(stores.control, place);
    const [first] = entries;
    if (first === undefined) throw new AnswerNoError(complaint(command, `${id}: no such record`));
    const object = first.kind === 'unmatched' ? undefined : await stores.objects.get(first.object);
    const bytes = object === undefined ? null : Buffer.from(object.bytes);
    if (flags.json === true) {
      const text = bytes !== null && isUtf8(bytes) ? bytes.toString() : null;
      const data = bytes?.toString('base64') ?? null;
      printJson({ entries: entries.map(entryLine), data, text });
      return;
    }
    for (const entry of entries) for (const line of describe(entry)) say(line);
    if (bytes === null) say('the bytes are gone (or were never kept: unmatched)');
    else showBytes(bytes, flags.raw === true || stdoutIsFile());
  } finally {
    await stores.close();
  }
}

/** A file keeps the bytes as they are; a terminal, perhaps behind a pipe, would obey them. */
function showBytes(bytes: Buffer, raw: boolean): void {
  if (raw) {
    printBytes(bytes);
    return;
  }
  const text = isUtf8(bytes) ? bytes.toString() : bytes.toString('latin1');
  if (!isUtf8(bytes)) say('not UTF-8: shown byte by byte (--raw gives them as they are)');
  else if (printable(text) !== text) say('shown with escapes (--raw gives the bytes as they are)');
  print(text);
}

function stdoutIsFile(): boolean {
  try {
    return fstatSync(process.stdout.fd).isFile();
  } catch {
    return false; // Closed: nothing is read from it.
  }
}

/** Every metric's refusal of one user record. */
export async function entriesOf(
  control: KeyValueStore,
  place: { stream: string; shard: string; sequence: string; sub: number },
): Promise<QuarantineEntry[]> {
  const { stream, shard, sequence, sub } = place;
  const width = String(sequence.length).padStart(3, '0');
  const prefix = `${width}:${sequence}#${String(sub).padStart(7, '0')}#`;
  const range = {
    pk: `Q#${escapePart(stream)}#${escapePart(shard)}`,
    from: prefix,
    to: `${prefix}\u{10ffff}`,
  };
  const entries: QuarantineEntry[] = [];
  for await (const item of queryAll(control, range)) entries.push(entryOf(item));
  return entries;
}

function describe(entry: QuarantineEntry): readonly string[] {
  const { id, reason, detail, metric, series, partitionKey, attempt, arrivalMs, lastSeenMs } =
    entry;
  const time = (ms: number) => new Date(ms).toISOString();
  return [
    `${id}: ${reason}: ${detail}`,
    `  metric ${metric ?? '-'}, series ${series ?? '-'}, partition key ${partitionKey}`,
    `  first seen ${time(arrivalMs)}, last seen ${time(lastSeenMs)}, attempt ${attempt}`,
  ];
}
