import { isUtf8 } from 'node:buffer';
import { fstatSync } from 'node:fs';
import { userRecordsOf } from '@millrace/adapters/kinesis/aggregate';
import type { ObjectStore } from '@millrace/core/port';
import { userOf } from '@millrace/core/quarantine/spans';
import { type Refusal, type RefusedRecord, refusedRecord } from '@millrace/core/results/quarantine';
import { readUsers, type Users } from '@millrace/core/results/quarantine-lines';
import { printable } from '@millrace/core/text/printable';
import type { Command } from 'commander';
import { complaint } from '../command';
import { AnswerNoError, UsageError } from '../exit';
import { print, printBytes, printJson, say } from '../output';
import type { QuarantineFlags } from './command';
import { entryLine, entryOf, type QuarantineEntry } from './entry';
import { openStores } from './open-stores';
import { placeLine, readUndelivered, tellsOf, undeliveredLine } from './undelivered';

/** Shard ids hold no slash, and neither do stream names: sequence and sub are what is left. */
const ID = /^([^/]+)\/(.+)\/([^/.]+)(?:\.(\d+))?$/;

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
  const [, stream = '', shard = '', sequence = '', sub] = match;
  const { control, objects, close } = await openStores(command, flags);
  try {
    const record = await refusedRecord(control, { stream, shard, sequence });
    const refusals = record?.refusals.filter((each) => concerns(each, sub)) ?? [];
    if (record === undefined || refusals.length === 0) {
      if (await showUndelivered(objects, { shard, sequence }, flags)) return;
      throw new AnswerNoError(complaint(command, `${id}: no such record`));
    }
    const entries = refusals.map((refusal) => entryOf(record, refusal));
    const users = await readUsers({ control, quarantine: objects }, record, userRecordsOf);
    const bytes = bytesOf(record, refusals, sub, users);
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
    await close();
  }
}

/** Of a record that the consumer never saw there is only where it was. */
async function showUndelivered(
  objects: ObjectStore,
  place: { shard: string; sequence: string },
  flags: QuarantineFlags,
): Promise<boolean> {
  const undelivered = (await readUndelivered(objects)).filter((each) => tellsOf(each, place));
  const line = undeliveredLine(undelivered);
  if (line === null) return false;
  if (flags.json === true) printJson({ entries: [], undelivered, data: null, text: null });
  else for (const text of [...undelivered.map(placeLine), line]) say(text);
  return true;
}

/** A file keeps the bytes as they are; a terminal, perhaps behind a pipe, would obey them. */
function showBytes(bytes: Buffer, raw: boolean): void {
  const text = isUtf8(bytes) ? bytes.toString() : bytes.toString('latin1');
  if (raw || (isUtf8(bytes) && printable(text) === text)) {
    printBytes(bytes);
    return;
  }
  const how = isUtf8(bytes) ? 'shown with escapes' : 'not UTF-8: shown byte by byte';
  say(`${how} (--raw gives the bytes as they are)`);
  print(text);
}

function stdoutIsFile(): boolean {
  try {
    return fstatSync(process.stdout.fd).isFile();
  } catch {
    return false; // Closed: nothing is read from it.
  }
}

/** Whether a refusal is about a sub-record; without one it is about the record. */
function concerns({ subs, cover }: Refusal, sub: string | undefined): boolean {
  if (sub === undefined) return true;
  if (cover === undefined) return userOf(subs, Number(sub)) !== null;
  return Number(sub) >= cover.subs[0] && Number(sub) <= cover.subs[1];
}

/** Of the user record that the sub-record came from, where that is known; else of the stream record. */
function bytesOf(
  record: RefusedRecord,
  refusals: readonly Refusal[],
  sub: string | undefined,
  users: Users,
): Buffer | null {
  const exact = refusals.find(({ cover, isWhole }) => cover === undefined && !isWhole);
  const user = sub === undefined ? null : userOf(exact?.subs ?? [], Number(sub));
  const { bytes } = (user === null || !record.isAggregate ? users.whole : users.of(user)) ?? {};
  return bytes === undefined ? null : Buffer.from(bytes);
}

function describe(entry: QuarantineEntry): readonly string[] {
  const { id, reason, detail, metric, series, partitionKey, count } = entry;
  const { attempt, arrivalMs, lastSeenMs } = entry;
  const time = (ms: number) => new Date(ms).toISOString();
  const times = count === 1 ? '' : ` (${count} times)`;
  return [
    `${id}: ${reason}: ${detail}${times}`,
    `  metric ${metric ?? '-'}, series ${series ?? '-'}, partition key ${partitionKey === '' ? 'none' : (partitionKey ?? '-')}`,
    `  first seen ${time(arrivalMs)}, last seen ${time(lastSeenMs)}, attempt ${attempt}`,
  ];
}
